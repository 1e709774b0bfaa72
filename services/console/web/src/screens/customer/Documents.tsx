import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { submissionPath } from "../../app/routes";
import { RegistryService, type Document } from "../../gen/noticehub/registry/v1/registry_pb";
import { Pager } from "../../parts/Pager";
import { Part } from "../../parts/Part";
import { Words } from "../../parts/Words";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { moment } from "../../words/time";
import { isOfficer } from "../workitems/may";
import { DocumentForm } from "./DocumentForm";

/** Documents (DOC) on the record, newest first. */
export function Documents({ crn }: { crn: string }) {
  const session = useSession();
  const [pageToken, setPage] = useState("");
  const documents = useQuery(RegistryService.method.listDocuments, { crn, pageSize: 10, pageToken }, { refetchOnMount: "always", gcTime: 0 });
  const placed = async () => {
    if (pageToken) setPage("");
    else await documents.refetch();
  };
  return (
    <Stack gap={1}>
      <Part id="documents" query={documents} title="Documents (DOC)" what="the documents">
        {(data) => (
          <Stack gap={1}>
            {data.documents.length === 0 && <Text as="p">There is no document on this record.</Text>}
            {data.documents.length > 0 && (
              <Stack as="ul" gap={1}>
                {data.documents.map((d) => (
                  <li key={d.documentId}>
                    <Entry document={d} />
                  </li>
                ))}
              </Stack>
            )}
            <Pager first={!pageToken} label="Pages of documents" next={data.nextPageToken} onFirst={() => setPage("")} onNext={setPage} />
          </Stack>
        )}
      </Part>
      {isOfficer(session) && (
        <Details label="Place a document">
          <DocumentForm crn={crn} onPlaced={placed} />
        </Details>
      )}
    </Stack>
  );
}

function Entry({ document: d }: { document: Document }) {
  const { person } = useSession();
  return (
    <Stack gap={0.25}>
      <Text fontWeight="bold">{d.title}</Text>
      <Words text={d.text} />
      <Text color="muted" fontSize="xs">
        {d.officerId ? actorWords(`officer:${d.officerId}`, person) : "NoticeHub"}, {moment(d.createdAt)}
        {d.submissionId && ", "}
        {d.submissionId && <TextLink href={submissionPath(d.submissionId)}>its submission</TextLink>}
      </Text>
    </Stack>
  );
}
