import { TextLink } from "@ag.ds-next/react/text-link";
import { submissionPath } from "../../app/routes";
import type { Notice } from "../../gen/noticehub/processing/v1/queue_pb";
import { Sheet } from "../../parts/Sheet";
import { day, moment } from "../../words/time";
import { measureWords, noticeStateWords } from "../../words/vocabulary";

const periodOf = (n: Notice | undefined) => (n ? `${day(n.startDate)} to ${day(n.endDate)}` : "an older one");

/** What the picture shows, in words: it is there on every window, and for everybody. */
export const NoticeTable = ({ notices }: { notices: Notice[] }) => (
  <Sheet
    heads={["Period", "State", "Authority and measure", { text: "Quarantined", right: true }]}
    labelledBy="register"
    rows={notices.map((n) => ({
      key: n.noticeId,
      cells: [
        n.submissionId ? <TextLink href={submissionPath(n.submissionId)}>{periodOf(n)}</TextLink> : periodOf(n),
        [noticeStateWords[n.state], n.revokedAt && `, ${moment(n.revokedAt)}`, n.continuation && `; continues ${periodOf(notices.find((o) => o.noticeId === n.continuesNoticeId))}`],
        `${n.authorityId}, ${measureWords[n.measure]}`,
        `${n.quarantinedPercent} %`,
      ],
    }))}
  />
);
