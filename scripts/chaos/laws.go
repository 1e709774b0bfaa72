package main

import (
	"slices"
	"strings"
	"time"
)

// law is a query that counts violations: it must return 0. breaks is damage that
// it must find, done to a copy of the state at the end of a clean run (blind.go).
// {today} in a query stands for the business date.
type law struct {
	kind   kind
	name   string
	query  string
	breaks string
}

// kind is what a violation means.
type kind uint8

const (
	other   kind = iota // whatever else must not be
	lost                // something acknowledged has gone
	doubled             // something has happened twice
)

func asOf(query string, today time.Time) string {
	return strings.ReplaceAll(query, "{today}", "DATE '"+today.Format(time.DateOnly)+"'")
}

// standing holds at every instant, under whatever faults: each query sees one
// snapshot. Numbers are those of the contract's enums: status 3 is UNPROCESSED
// and above it all is terminal, notice states are 1 INACTIVE, 2 ACTIVE, 3 ENDED, 4 REVOKED.
var standing = slices.Concat(standingFlow, standingRecords, standingItems)

var standingFlow = []law{
	{doubled, "lodged submissions counted more than once for the report", `SELECT greatest(0, (SELECT coalesce(sum(submissions), 0) FROM adviceoutcome.lodged)
		- (SELECT count(*) FROM intake.submission WHERE parent_id IS NULL))::bigint`,
		`UPDATE adviceoutcome.lodged SET submissions = submissions + 1`},
	{other, "decided submissions intake never took", `SELECT count(*) FROM autoprocessing.submission s
		WHERE parent_id IS NULL AND NOT EXISTS (SELECT FROM intake.submission u WHERE u.authority_id = s.authority_id AND u.id = s.id)`,
		`DELETE FROM intake.submission WHERE id = (SELECT id FROM autoprocessing.submission WHERE parent_id IS NULL LIMIT 1)`},
	{other, "advice outcomes nobody decided", `SELECT count(*) FROM adviceoutcome.outcome o WHERE o.outcome > 0
		AND NOT EXISTS (SELECT FROM autoprocessing.submission s WHERE s.id = o.submission_id AND s.status > 3 AND s.outcome = o.outcome AND s.authority_id = o.authority_id)`,
		`UPDATE adviceoutcome.outcome SET outcome = outcome % 12 + 1 WHERE submission_id = (SELECT submission_id FROM adviceoutcome.outcome WHERE outcome > 0 LIMIT 1)`},
	{other, "statuses nobody decided", `SELECT count(*) FROM intake.status t LEFT JOIN autoprocessing.submission s ON s.id = t.submission_id
		WHERE s.id IS NULL OR t.version > s.version OR (t.version = s.version AND t.status <> s.status)`,
		`UPDATE intake.status SET version = version + 7 WHERE submission_id = (SELECT submission_id FROM intake.status LIMIT 1)`},
	{other, "gaps in intake's numbering of a customer's submissions", `SELECT count(*) FROM (SELECT crn FROM intake.submission WHERE lane IS NOT NULL GROUP BY crn HAVING max(lane) <> count(*)) x`,
		`DELETE FROM intake.submission WHERE lane = 1`},
	{other, "gaps in the customers' decided submissions", `SELECT count(*) FROM (SELECT crn FROM autoprocessing.submission WHERE lane IS NOT NULL GROUP BY crn HAVING max(lane) <> count(*)) x`,
		`DELETE FROM autoprocessing.submission WHERE lane = 1`},
	{other, "submissions decided before their predecessor", `SELECT count(*) FROM (
		SELECT pg_xact_commit_timestamp(d.xmin) AS at, lag(pg_xact_commit_timestamp(d.xmin)) OVER (PARTITION BY s.crn ORDER BY s.lane) AS before
		FROM autoprocessing.submission s JOIN autoprocessing.decision d ON d.submission_id = s.id AND d.number = 1 WHERE s.lane IS NOT NULL) x WHERE at < before`,
		`UPDATE autoprocessing.submission SET lane = 1000000 - lane`},
	{other, "submissions dated before their predecessor", `SELECT count(*) FROM (
		SELECT d.decided_at, lag(d.decided_at) OVER (PARTITION BY s.crn ORDER BY s.lane) AS before
		FROM autoprocessing.submission s JOIN autoprocessing.decision d ON d.submission_id = s.id AND d.number = 1 WHERE s.lane IS NOT NULL) x WHERE decided_at < before`,
		`UPDATE autoprocessing.submission SET lane = 1000000 - lane`},
	{other, "unprocessed submissions without their one open entry (I4)", `SELECT count(*) FROM autoprocessing.submission s FULL JOIN
		(SELECT submission_id FROM autoprocessing.queue_entry WHERE closed_at IS NULL) q ON q.submission_id = s.id WHERE (s.status = 3) <> (q.submission_id IS NOT NULL) OR s.id IS NULL`,
		`UPDATE autoprocessing.queue_entry SET closed_at = NULL`},
	{other, "kept counts that differ from the queue", `SELECT count(*) FROM (SELECT dimension, value, sum(n) AS n FROM autoprocessing.queue_count GROUP BY 1, 2 HAVING sum(n) <> 0) kept FULL JOIN
		(SELECT c.dimension, c.value, count(*) AS n FROM autoprocessing.queue_entry e JOIN autoprocessing.submission s ON s.id = e.submission_id, LATERAL (
			SELECT 'reason' AS dimension, r::text AS value FROM unnest(e.reasons) r UNION ALL SELECT 'authority', s.authority_id
			UNION ALL SELECT 'information_type', s.information_type::text
			UNION ALL SELECT 'hour', floor(extract(epoch FROM e.entered_at) / 3600)::bigint::text) c
			WHERE e.closed_at IS NULL GROUP BY 1, 2) real USING (dimension, value) WHERE kept.n IS DISTINCT FROM real.n`,
		`UPDATE autoprocessing.queue_count SET n = n + 1`},
	{other, "submissions without a decision of their own", `SELECT count(*) FROM autoprocessing.submission s
		WHERE version >= 3 AND NOT EXISTS (SELECT FROM autoprocessing.decision d WHERE d.submission_id = s.id AND d.number = 1)`,
		`DELETE FROM autoprocessing.decision WHERE number = 1`},
	// Versions up to 3 are told by the submission and its first decision.
	{other, "transition logs that are not 1 to n, or end elsewhere than the submission (I5)", `SELECT count(*) FROM autoprocessing.submission s
		LEFT JOIN (SELECT submission_id, count(*) AS n, min(version) AS first, max(version) AS last, (array_agg(to_status ORDER BY version DESC))[1] AS ends,
			(array_agg(outcome ORDER BY version DESC))[1] AS outcome FROM autoprocessing.transition GROUP BY 1) t ON t.submission_id = s.id
		WHERE coalesce(t.n, 0) <> greatest(s.version - 3, 0) OR (t.n > 0 AND (t.first <> 4 OR t.last <> s.version OR t.ends <> s.status OR t.outcome <> s.outcome))`,
		`DELETE FROM autoprocessing.transition`},
	{other, "transitions to a status after a terminal one (I2)", `SELECT count(*) FROM autoprocessing.transition a JOIN autoprocessing.transition b
		ON a.submission_id = b.submission_id AND a.version < b.version WHERE a.to_status > 3`,
		`INSERT INTO autoprocessing.transition (submission_id, version, from_status, to_status, actor, cause, at, outcome, reasons) SELECT submission_id, version + 1, from_status, to_status, actor, cause, at, outcome, reasons FROM autoprocessing.transition LIMIT 1`},
	{other, "histories of submissions that run backwards", `SELECT count(*) FROM (SELECT at, lag(at) OVER (PARTITION BY submission_id ORDER BY version) AS before FROM intake.status) x WHERE at < before`,
		`UPDATE intake.status SET at = at - interval '1 year' WHERE version > 3`},
	{other, "customers with two active notices", `SELECT count(*) FROM (SELECT crn FROM autoprocessing.notice WHERE state = 2 GROUP BY crn HAVING count(*) > 1) x`,
		`DROP INDEX autoprocessing.notice_one_active; ALTER TABLE autoprocessing.notice DROP CONSTRAINT notice_overlap; UPDATE autoprocessing.notice SET state = 2, revoked_at = NULL, end_date = '2099-01-01'`},
	{other, "notices that overlap", `SELECT count(*) FROM autoprocessing.notice a JOIN autoprocessing.notice b ON a.crn = b.crn AND a.id < b.id AND a.state <> 4 AND b.state <> 4
		AND daterange(a.start_date, a.end_date, '[]') && daterange(b.start_date, b.end_date, '[]')`,
		`DROP INDEX autoprocessing.notice_one_active; ALTER TABLE autoprocessing.notice DROP CONSTRAINT notice_overlap; UPDATE autoprocessing.notice SET state = 2, revoked_at = NULL, end_date = '2099-01-01'`},
	// From the history: a notice is in force from the change that made it ACTIVE to the one that
	// made it something else, in the order in which the changes were made under the customer's lock.
	{other, "notices of one customer in force at one instant (I12)", `WITH steps AS (
			SELECT n.crn, h.notice_id, h.state, h.position AS since, lead(h.position) OVER (PARTITION BY h.notice_id ORDER BY h.version) AS until
			FROM autoprocessing.notice_history h JOIN autoprocessing.notice n ON n.id = h.notice_id),
		active AS (SELECT crn, notice_id, int8range(since, until) AS span FROM steps WHERE state = 2)
		SELECT count(*) FROM active a JOIN active b ON a.crn = b.crn AND a.notice_id < b.notice_id AND a.span && b.span`,
		`UPDATE autoprocessing.notice_history SET state = 2`},
	{other, "notice histories out of order", `SELECT count(*) FROM (SELECT position, lag(position) OVER (PARTITION BY notice_id ORDER BY version) AS before
		FROM autoprocessing.notice_history) x WHERE position < before`,
		`UPDATE autoprocessing.notice_history SET version = 1000 - version`},
	{other, "notice histories that run backwards", `SELECT count(*) FROM (SELECT effective_at, lag(effective_at) OVER (PARTITION BY notice_id ORDER BY version) AS before
		FROM autoprocessing.notice_history) x WHERE effective_at < before`,
		`UPDATE autoprocessing.notice_history SET effective_at = '2000-01-01' WHERE version > 1`},
	{other, "notices that came into force at another time than the start of their day (I13)", `SELECT count(*) FROM (
		SELECT state, start_date, effective_at, lag(state) OVER (PARTITION BY notice_id ORDER BY version) AS before FROM autoprocessing.notice_history) x
		WHERE state = 2 AND before = 1 AND effective_at <> start_date::timestamp AT TIME ZONE '` + agencyZone + `'`,
		`UPDATE autoprocessing.notice_history SET effective_at = effective_at + interval '1 minute'`},
	{doubled, "notices brought twice by one submission", `SELECT count(*) FROM (SELECT submission_id FROM autoprocessing.notice GROUP BY submission_id HAVING count(*) > 1) x`,
		`UPDATE autoprocessing.notice SET submission_id = (SELECT submission_id FROM autoprocessing.notice LIMIT 1)`},
	{other, "notice histories that are not 1 to n", `SELECT count(*) FROM autoprocessing.notice n
		LEFT JOIN (SELECT notice_id, count(*) AS n, max(version) AS last FROM autoprocessing.notice_history GROUP BY 1) h ON h.notice_id = n.id
		WHERE n.version IS DISTINCT FROM h.n OR n.version IS DISTINCT FROM h.last`,
		`DELETE FROM autoprocessing.notice_history WHERE version = 1`},
	{other, "commenced or extended submissions without their notice", `SELECT count(*) FROM autoprocessing.submission s
		WHERE s.outcome IN (6, 7) AND NOT EXISTS (SELECT FROM autoprocessing.notice n WHERE n.submission_id = s.id)`,
		`DELETE FROM autoprocessing.notice`},
	{doubled, "disclosures created twice after a match", `SELECT count(*) FROM (SELECT parent_id FROM autoprocessing.submission WHERE parent_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1) x`,
		`UPDATE autoprocessing.submission SET parent_id = (SELECT parent_id FROM autoprocessing.submission WHERE parent_id IS NOT NULL LIMIT 1) WHERE parent_id IS NOT NULL`},
	{other, "matches without the disclosure that follows", `SELECT count(*) FROM autoprocessing.submission s
		WHERE s.outcome = 1 AND NOT EXISTS (SELECT FROM autoprocessing.submission c WHERE c.parent_id = s.id)`,
		`DELETE FROM autoprocessing.submission WHERE parent_id IS NOT NULL`},
}

// settled holds once everything is through: lodging and faults have stopped, and
// the hub had its time (I3, I7, I10).
var settled = slices.Concat(settledFlow, settledRecords, settledItems)

var settledFlow = []law{
	{lost, "submissions without a decision", `SELECT count(*) FROM intake.submission u WHERE NOT EXISTS (SELECT FROM autoprocessing.submission s WHERE s.id = u.id)`,
		`DELETE FROM autoprocessing.submission WHERE id = (SELECT id FROM autoprocessing.submission LIMIT 1)`},
	{lost, "submissions intake does not know", `SELECT count(*) FROM autoprocessing.submission s
		WHERE NOT EXISTS (SELECT FROM intake.submission u WHERE u.authority_id = s.authority_id AND u.id = s.id)`,
		`DELETE FROM intake.submission WHERE parent_id IS NOT NULL`},
	{lost, "statuses that authorities do not see", `SELECT count(*) FROM autoprocessing.submission s
		LEFT JOIN LATERAL (SELECT status, outcome, version FROM intake.status t WHERE t.submission_id = s.id ORDER BY version DESC LIMIT 1) t ON true
		WHERE (t.status, t.outcome, t.version) IS DISTINCT FROM (s.status, s.outcome, s.version)`,
		`DELETE FROM intake.status WHERE submission_id = (SELECT submission_id FROM intake.status LIMIT 1)`},
	{lost, "steps missing in the histories that authorities see (I5)", `SELECT count(*) FROM autoprocessing.submission s
		WHERE greatest(s.version - 2, 1) <> (SELECT count(*) FROM intake.status t WHERE t.submission_id = s.id)`,
		`DELETE FROM intake.status WHERE version = 3`},
	{lost, "terminal submissions without an advice outcome", `SELECT count(*) FROM autoprocessing.submission s
		WHERE s.status > 3 AND NOT EXISTS (SELECT FROM adviceoutcome.outcome o WHERE o.submission_id = s.id)`,
		`DELETE FROM adviceoutcome.outcome WHERE submission_id = (SELECT submission_id FROM adviceoutcome.outcome WHERE outcome > 0 LIMIT 1)`},
	{lost, "lodged submissions not counted for the report", `SELECT greatest(0, (SELECT count(*) FROM intake.submission WHERE parent_id IS NULL)
		- (SELECT coalesce(sum(submissions), 0) FROM adviceoutcome.lodged))::bigint`,
		`UPDATE adviceoutcome.lodged SET submissions = submissions - 1`},
	{lost, "unprocessed submissions the report does not know of", `SELECT count(*) FROM autoprocessing.submission s WHERE s.status = 3 AND NOT EXISTS (SELECT FROM adviceoutcome.unprocessed q WHERE q.submission_id = s.id)`,
		`DELETE FROM adviceoutcome.unprocessed`},
	{lost, "outcomes without their document", `SELECT count(*) FROM autoprocessing.submission s LEFT JOIN autoprocessing.transition t ON t.submission_id = s.id AND t.version = s.version
		WHERE (s.outcome IN (6, 7, 8) OR t.officer_id <> '') AND coalesce(nullif(t.crn, ''), s.crn) IS NOT NULL AND NOT EXISTS (SELECT FROM registry.document d WHERE d.submission_id = s.id)`,
		`DELETE FROM registry.document`},
	{doubled, "documents placed twice", `SELECT count(*) FROM (SELECT submission_id FROM registry.document WHERE submission_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1) x`,
		`UPDATE registry.document SET submission_id = (SELECT submission_id FROM registry.document LIMIT 1)`},
	{lost, "notices the registry has in another state", `SELECT count(*) FROM autoprocessing.notice n FULL JOIN registry.notice r ON r.notice_id = n.id
		WHERE r.state IS DISTINCT FROM n.state`,
		`UPDATE registry.notice SET state = state % 4 + 1`},
	{other, "rows left in outboxes", `SELECT (SELECT count(*) FROM intake.outbox) + (SELECT count(*) FROM autoprocessing.outbox) + (SELECT count(*) FROM adviceoutcome.outbox) + (SELECT count(*) FROM registry.outbox)
		+ (SELECT count(*) FROM workitems.outbox)`,
		`INSERT INTO intake.outbox (id, stream, subject, payload) VALUES (gen_random_uuid(), 'LODGED', 'noticehub.lodged.0', '')`},
	{other, "events left aside", `SELECT (SELECT count(*) FROM intake.parked) + (SELECT count(*) FROM autoprocessing.parked) + (SELECT count(*) FROM adviceoutcome.parked) + (SELECT count(*) FROM registry.parked)
		+ (SELECT count(*) FROM workitems.parked)`,
		`INSERT INTO intake.parked (consumer, event_id, data, next_at, state) VALUES ('intake-status', gen_random_uuid(), '', now(), 'waiting')`},
	{other, "withdrawals nobody saw to", `SELECT count(*) FROM intake.withdrawal i JOIN intake.submission u USING (authority_id, reference)
		LEFT JOIN autoprocessing.withdrawal w USING (authority_id, reference) WHERE w.settled IS NOT TRUE`,
		`UPDATE autoprocessing.withdrawal SET settled = false`},
}

// closed holds when the days of all outcomes are over: one line for each outcome
// (compareReports counts them one by one), and whole reports.
var closed = []law{
	{lost, "outcomes without a sealed report", `SELECT count(*) FROM adviceoutcome.outcome o WHERE NOT EXISTS (
		SELECT FROM adviceoutcome.report r WHERE r.authority_id = o.authority_id AND r.sealed_at IS NOT NULL
		AND o.report_date <= r.report_date AND (r.previous_date IS NULL OR o.report_date > r.previous_date))`,
		`UPDATE adviceoutcome.outcome SET report_date = '2099-01-01'`},
	{other, "reports that are not sealed", `SELECT count(*) FROM adviceoutcome.report WHERE sealed_at IS NULL`,
		`UPDATE adviceoutcome.report SET (lines, own_lines, pending, csv_digest, csv_size, json_digest, json_size, previous_digest, signature, key_id, sealed_at) = (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`},
	{other, "authorities without reports, or with gaps in their numbering (I21)", `SELECT count(*) FROM adviceoutcome.authority a
		LEFT JOIN (SELECT authority_id, count(*) AS n, max(sequence) AS last FROM adviceoutcome.report GROUP BY 1) r USING (authority_id) WHERE r.n IS NULL OR r.n <> r.last`,
		`UPDATE adviceoutcome.report SET sequence = sequence + 1000 WHERE sequence > 1`},
	{other, "reports that are not chained to the one before", `SELECT count(*) FROM adviceoutcome.report r JOIN adviceoutcome.report p
		ON p.authority_id = r.authority_id AND p.sequence = r.sequence - 1 WHERE r.previous_digest <> p.json_digest OR r.previous_date <> p.report_date`,
		`UPDATE adviceoutcome.report SET previous_digest = 'other'`},
	{other, "sealed bytes that do not have their digest (I20)", `SELECT count(*) FROM adviceoutcome.report r, LATERAL (
			SELECT sha256(coalesce(string_agg(content, ''::bytea ORDER BY number) FILTER (WHERE form = 1), '')) AS csv,
				sha256(coalesce(string_agg(content, ''::bytea ORDER BY number) FILTER (WHERE form = 2), '')) AS json
			FROM adviceoutcome.report_chunk c WHERE c.report_id = r.report_id) x
		WHERE r.sealed_at IS NOT NULL AND (r.csv_digest <> x.csv OR r.json_digest <> x.json)`,
		`DELETE FROM adviceoutcome.report_chunk`},
}
