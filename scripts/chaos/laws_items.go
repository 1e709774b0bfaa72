package main

// standingRecords are about what the registry keeps of customers.
var standingRecords = []law{
	{other, "records whose versions are not 1 to n", `SELECT count(*) FROM registry.customer c FULL JOIN
		(SELECT crn, count(*) AS n, min(record_version) AS first, max(record_version) AS last FROM registry.customer_version GROUP BY 1) v USING (crn)
		WHERE c.record_version IS DISTINCT FROM v.n OR v.first <> 1 OR v.last <> v.n`,
		`DELETE FROM registry.customer_version WHERE record_version = 1`},
	{other, "records that are not their last version", `SELECT count(*) FROM registry.customer c JOIN registry.customer_version v USING (crn, record_version)
		WHERE substring(v.body FROM 1 FOR length(c.body)) <> c.body OR c.updated_at <> v.recorded_at`,
		`UPDATE registry.customer SET body = 'other'`},
	{other, "histories of records that run backwards", `SELECT count(*) FROM (SELECT recorded_at, lag(recorded_at) OVER (PARTITION BY crn ORDER BY record_version) AS before
		FROM registry.customer_version) x WHERE recorded_at < before`,
		`UPDATE registry.customer_version SET recorded_at = recorded_at - interval '1 year' WHERE record_version > 1`},
	{doubled, "records of feeds applied twice", `SELECT count(*) FROM (SELECT FROM registry.customer_version WHERE actor LIKE 'feed:%'
		GROUP BY actor, split_part(reason, ',', 1) HAVING count(*) > 1) x`,
		`UPDATE registry.customer_version SET reason = 'record anew-1' WHERE actor LIKE 'feed:%'`},
	{other, "versions by feeds without their record", `SELECT count(*) FROM registry.customer_version v WHERE v.actor LIKE 'feed:%' AND NOT EXISTS (
			SELECT FROM registry.feed_record f WHERE f.feed = substr(v.actor, 6) AND 'record ' || f.reference = split_part(v.reason, ',', 1) AND f.crn = v.crn AND f.state = 1)`,
		`UPDATE registry.feed_record SET state = 2`},
	{lost, "records of feeds that were applied and left no version", `SELECT count(*) FROM registry.feed_record f WHERE f.state = 1 AND f.reference LIKE '` + anew + `-%' AND NOT EXISTS (
			SELECT FROM registry.customer_version v WHERE v.crn = f.crn AND v.actor = 'feed:' || f.feed AND split_part(v.reason, ',', 1) = 'record ' || f.reference)`,
		`UPDATE registry.customer_version SET actor = 'system' WHERE actor LIKE 'feed:%'`},
	{other, "records set aside without their reason, or with one and applied", `SELECT count(*) FROM registry.feed_record f FULL JOIN registry.feed_quarantine q USING (feed, reference)
		WHERE (f.state IS DISTINCT FROM 2) <> (q.record_id IS NULL)`,
		`DELETE FROM registry.feed_quarantine`},
}

// settledRecords are about what follows from customers' records.
var settledRecords = []law{
	{lost, "changes of records the work items did not hear of", `SELECT count(*) FROM registry.customer c FULL JOIN (SELECT * FROM workitems.customer WHERE record_version > 0) w USING (crn)
		WHERE c.record_version IS DISTINCT FROM w.record_version`,
		`UPDATE workitems.customer SET record_version = record_version - 1`},
	{lost, "follow-ons of changes that were not done", `SELECT count(*) FROM registry.follow_on`,
		`INSERT INTO registry.follow_on (what, crn) VALUES ('refresh', '500000000A')`},
	{lost, "notices the work items have in another state", `SELECT count(*) FROM autoprocessing.notice n FULL JOIN workitems.notice w ON w.notice_id = n.id
		WHERE (n.version, n.state, n.end_date, n.crn) IS DISTINCT FROM (w.version, w.state, w.end_date, w.crn)`,
		`UPDATE workitems.notice SET state = state % 4 + 1`},
	{lost, "held cards that differ from the open items that hold them", `SELECT count(*) FROM (SELECT * FROM workitems.work_item WHERE code = 'I001BC') w
		FULL JOIN registry.card_hold h ON h.work_item_id = w.id WHERE w.id IS NULL OR h.held IS DISTINCT FROM (w.status <= 2)`,
		`UPDATE registry.card_hold SET held = NOT held`},
}

// everyItem makes two items of everything: the same, and all open.
const everyItem = `DROP INDEX workitems.work_item_one_open; ALTER TABLE workitems.work_item DROP CONSTRAINT work_item_once;
	UPDATE workitems.work_item SET (crn, code, cause, occurrence, status, closed_at) = ('500000000A', 'I070Q1', 'addresses', 'v2', 1, NULL)`

// standingItems are about work items. Status 1 is OPEN, 2 INVESTIGATING, 3 COMPLETED, 4 CLOSED.
var standingItems = []law{
	{other, "changes the work items know and the registry does not", `SELECT count(*) FROM workitems.customer w LEFT JOIN registry.customer c USING (crn)
		WHERE w.record_version > coalesce(c.record_version, 0)`,
		`UPDATE workitems.customer SET record_version = record_version + 7`},
	{other, "notices as work items know them that never were so", `SELECT count(*) FROM workitems.notice w LEFT JOIN autoprocessing.notice_history h
		ON h.notice_id = w.notice_id AND h.version = w.version WHERE h.state IS DISTINCT FROM w.state OR h.end_date IS DISTINCT FROM w.end_date`,
		`UPDATE workitems.notice SET end_date = end_date + 1`},
	{other, "work items whose steps are not 1 to n", `SELECT count(*) FROM workitems.work_item w FULL JOIN
		(SELECT work_item_id, count(*) AS n, min(version) AS first, max(version) AS last FROM workitems.work_item_step GROUP BY 1) s ON s.work_item_id = w.id
		WHERE w.version IS DISTINCT FROM s.n OR s.first <> 1 OR s.last <> s.n`,
		`DELETE FROM workitems.work_item_step WHERE version = 1`},
	{other, "work items that do not begin with being raised and end with what ended them", `SELECT count(*) FROM workitems.work_item w JOIN
		(SELECT work_item_id, (array_agg(action ORDER BY version))[1] AS begins, (array_agg(action ORDER BY version DESC))[1] AS ends,
			count(*) FILTER (WHERE action IN ('completed', 'closed')) AS finals FROM workitems.work_item_step GROUP BY 1) s ON s.work_item_id = w.id
		WHERE s.begins <> 'raised' OR s.finals <> CASE WHEN w.status >= 3 THEN 1 ELSE 0 END
			OR (w.status = 3) <> (s.ends = 'completed') OR (w.status = 4) <> (s.ends = 'closed')`,
		`UPDATE workitems.work_item_step SET action = 'reassigned' WHERE action IN ('completed', 'closed')`},
	{other, "histories of work items that run backwards", `SELECT count(*) FROM (SELECT at, lag(at) OVER (PARTITION BY work_item_id ORDER BY version) AS before
		FROM workitems.work_item_step) x WHERE at < before`,
		`UPDATE workitems.work_item_step SET at = at - interval '1 year' WHERE version > 1`},
	{other, "work items completed without words of their officer", `SELECT count(*) FROM workitems.work_item_step WHERE action = 'completed' AND (length(note) < 10 OR actor NOT LIKE 'officer:%')`,
		`UPDATE workitems.work_item_step SET note = ''`},
	{doubled, "causes with two open work items", `SELECT count(*) FROM (SELECT FROM workitems.work_item WHERE status <= 2 GROUP BY crn, code, cause HAVING count(*) > 1) x`, everyItem},
	{doubled, "occurrences with two work items", `SELECT count(*) FROM (SELECT FROM workitems.work_item GROUP BY crn, code, cause, occurrence HAVING count(*) > 1) x`, everyItem},
	{doubled, "occurrences that raised an item and were covered by one", `SELECT count(*) FROM workitems.work_item JOIN workitems.covered USING (crn, code, cause, occurrence)`,
		`INSERT INTO workitems.covered SELECT crn, code, cause, occurrence FROM workitems.work_item`},
	{lost, "occurrences covered by no work item", `SELECT count(*) FROM workitems.covered c WHERE NOT EXISTS (
			SELECT FROM workitems.work_item w WHERE w.crn = c.crn AND w.code = c.code AND w.cause = c.cause)`,
		`DELETE FROM workitems.work_item`},
	{other, "kept counts that differ from the work items", `SELECT count(*) FROM (SELECT code, office, sum(open) AS n FROM workitems.work_item_count GROUP BY 1, 2 HAVING sum(open) <> 0) kept
		FULL JOIN (SELECT code, office, count(*) AS n FROM workitems.work_item WHERE status <= 2 GROUP BY 1, 2) real USING (code, office) WHERE kept.n IS DISTINCT FROM real.n`,
		`UPDATE workitems.work_item_count SET open = open + 1`},
	{other, "warnings of an end that no notice in force ever had", `SELECT count(*) FROM (SELECT crn, cause, occurrence FROM workitems.work_item WHERE code = 'I289Q1'
			UNION ALL SELECT crn, cause, occurrence FROM workitems.covered WHERE code = 'I289Q1') i
		WHERE NOT EXISTS (SELECT FROM autoprocessing.notice n JOIN autoprocessing.notice_history h ON h.notice_id = n.id
			WHERE n.crn = i.crn AND n.measure = 2 AND h.state = 2 AND i.cause = 'notice/' || n.id AND i.occurrence = n.id || '/' || h.end_date)`,
		`UPDATE workitems.work_item SET occurrence = left(occurrence, 37) || '2099-01-01' WHERE code = 'I289Q1'`},
	{other, "warnings of an end before their day", `SELECT count(*) FROM workitems.work_item WHERE code = 'I289Q1'
		AND (raised_at AT TIME ZONE '` + agencyZone + `')::date < right(occurrence, 10)::date - 35`,
		`UPDATE workitems.work_item SET raised_at = '2000-01-01'`},
}

// settledItems hold once everything is through.
var settledItems = []law{
	{lost, "customers of whom something fell due and nobody looked", `SELECT count(*) FROM workitems.customer WHERE next_due <= {today}`,
		`UPDATE workitems.customer SET next_due = '2000-01-01'`},
	// Measure 2 is CPEIM. A notice that was revoked in between may never have been looked at.
	{lost, "notices that end within 35 days without their warning", `SELECT count(*) FROM autoprocessing.notice n WHERE n.measure = 2 AND n.state IN (2, 3) AND n.end_date - 35 <= {today}
		AND NOT EXISTS (SELECT FROM workitems.work_item w WHERE w.crn = n.crn AND w.code = 'I289Q1' AND w.cause = 'notice/' || n.id AND w.occurrence = n.id || '/' || n.end_date)
		AND NOT EXISTS (SELECT FROM workitems.covered w WHERE w.crn = n.crn AND w.code = 'I289Q1' AND w.cause = 'notice/' || n.id AND w.occurrence = n.id || '/' || n.end_date)`,
		`DELETE FROM workitems.work_item WHERE code = 'I289Q1'; DELETE FROM workitems.covered WHERE code = 'I289Q1'`},
}
