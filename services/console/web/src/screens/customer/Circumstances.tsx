import { H2, H3 } from "@ag.ds-next/react/heading";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import type { ReactNode } from "react";
import { customerPath } from "../../app/routes";
import type { Customer } from "../../gen/noticehub/registry/v1/registry_pb";
import { Facts } from "../../parts/Facts";
import { Sheet } from "../../parts/Sheet";
import { carerWords, codeWords, exemptionWords, expenseWords, methodWords, money, offerResultWords, offerWords, paymentStatusWords, penaltyWords } from "../../words/customer";
import { day, today } from "../../words/time";
import { measureWords } from "../../words/vocabulary";
import { yearsBetween } from "./names";

/** What the record says of the customer's life; what it does not say is left out. */
export function Circumstances({ customer: c }: { customer: Customer }) {
  return (
    <section aria-labelledby="circumstances">
      <Stack gap={1}>
        <H2 fontSize="lg" id="circumstances">
          Circumstances
        </H2>
        <Payments customer={c} />
        <Facts
          facts={[
            ["Rent type", c.rentType && codeWords(c.rentType)],
            ["Partner", c.partnerCrn && <CrnLink crn={c.partnerCrn} />],
            [
              "Children in care",
              listOf(c.children.map((k) => [k.givenName || "Name not shown", k.dateOfBirth && `${yearsBetween(k.dateOfBirth, today())} years, born ${day(k.dateOfBirth)}`, k.familyTaxBenefit && "Family Tax Benefit"])),
            ],
            ["Payment nominee", c.nominee && <Nominee crn={c.nominee.crn} text={`${codeWords(c.nominee.kind)}${c.nomineeDeceased ? ", recorded as deceased" : ""}`} />],
            ["Is nominee for", c.nomineeFor.length > 0 ? <UnorderedList>{c.nomineeFor.map((p) => <ListItem key={p}><CrnLink crn={p} /></ListItem>)}</UnorderedList> : ""],
            ["Carer’s Allowance", carerWords[c.carerAllowance]],
            ["Partner’s Carer’s Allowance", carerWords[c.partnerCarerAllowance]],
            ["Payday code (EPEDC)", c.paydayCode],
            ["Imprisonment", c.imprisonment && period(c.imprisonment.fromDate, c.imprisonment.toDate)],
            ["Penalties", listOf(c.penalties.map((p) => [penaltyWords[p.kind], period(p.fromDate, p.toDate)]))],
            ["Account", c.account && `Balance ${money(c.account.balanceCents)}, managed ${money(c.account.managedCents)} a fortnight${c.account.residualDisbursedOn ? `, residual disbursed on ${day(c.account.residualDisbursedOn)}` : ""}`],
            [
              "Expenses",
              listOf(c.expenses.map((e) => [expenseWords[e.kind], `${money(e.allocationCents)}${e.regular ? " a fortnight" : " once"}`, e.ceasedOn ? `ceased on ${day(e.ceasedOn)}` : `from ${day(e.fromDate)}`, e.consecutiveFailures > 0 && `failed ${e.consecutiveFailures} times in a row`])),
            ],
            [
              "BasicsCard",
              c.card && [`Balance ${money(c.card.balanceCents)}`, c.card.limitCents > 0n && `limit ${money(c.card.limitCents)}`, methodWords[c.card.allocationMethod], c.card.pinBlocked && "blocked after wrong PIN tries"].filter(Boolean).join(", "),
            ],
            ["Exemptions", listOf(c.exemptions.map((e) => [exemptionWords[e.status], `applied on ${day(e.appliedOn)}`, e.endsOn && `until ${day(e.endsOn)}`]))],
            ["Offers discussed", listOf(c.serviceOffers.map((o) => [offerWords[o.kind], offerResultWords[o.result], day(o.offeredOn)]))],
            ["20 % unrestricted cash payment", c.unrestrictedCashPaymentEligible ? "The referring authority allows it" : ""],
            ["Bereavement of a child", c.lastChildBereavement && day(c.lastChildBereavement)],
            ["Left the declared area", c.leftDeclaredAreaOn && day(c.leftDeclaredAreaOn)],
            ["Measures so far", listOf(c.measureHistory.map((m) => [measureWords[m.measure], period(m.fromDate, m.toDate), !m.fromRegister && "outside the register"]))],
          ]}
        />
      </Stack>
    </section>
  );
}

function Payments({ customer: c }: { customer: Customer }) {
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id="payments">
        Payments
      </H3>
      {c.payments.length === 0 ? (
        <Text as="p">No payment is recorded.</Text>
      ) : (
        <Sheet
          heads={["Payment", "Status", { text: "A fortnight", right: true }]}
          labelledBy="payments"
          rows={c.payments.map((p) => ({
            key: p.code,
            cells: [
              `${codeWords(p.code)}${p.supplementary ? " (supplementary)" : ""}`,
              `${p.stopped && !p.status ? "Stopped" : paymentStatusWords[p.status]}${p.statusSince || p.fromDate ? ` since ${day(p.statusSince || p.fromDate)}` : ""}`,
              money(p.fortnightlyCents),
            ],
          }))}
        />
      )}
    </Stack>
  );
}

const CrnLink = ({ crn }: { crn: string }) => <TextLink href={customerPath(crn)}>{crn}</TextLink>;

function Nominee({ crn, text }: { crn: string; text: string }) {
  return (
    <>
      {text}
      {crn && ", "}
      {crn && <CrnLink crn={crn} />}
    </>
  );
}

const period = (from: string, to: string) => (to ? `${day(from)} to ${day(to)}` : `since ${day(from)}`);

function listOf(lines: (string | false)[][]): ReactNode {
  if (lines.length === 0) return "";
  return (
    <UnorderedList>
      {lines.map((words, i) => (
        <ListItem key={i}>{words.filter(Boolean).join(", ")}</ListItem>
      ))}
    </UnorderedList>
  );
}
