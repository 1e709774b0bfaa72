package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const (
	fillAuthorities = 200
	fillDays        = 700
)

// fill puts many submissions straight into the tables: 200 authorities, skewed
// so that some have thirty times as many as others, five types, 90 % of them
// closed, two years of lodging; a queue entry for each unprocessed one; a notice
// for every twentieth submission.
var fill = []string{
	`SET session_replication_role = replica`,
	`SET synchronous_commit = off`,
	`CREATE TEMP TABLE made AS SELECT n, gen_random_uuid() AS id,
		'auth-' || lpad((floor(200 * power(random(), 2)))::int::text, 3, '0') AS authority, (1 + n %% 5)::smallint AS kind,
		CASE WHEN random() < 0.1 THEN 3 WHEN random() < 0.9 THEN 4 WHEN random() < 0.5 THEN 5 ELSE 6 END AS status,
		now() - random() * interval '%[2]d days' AS lodged
		FROM generate_series(1, %[1]d) AS n`,
	`INSERT INTO autoprocessing.submission (id, authority_id, business_function, jurisdiction, reference, information_type, status, outcome, crn, lane, lodged_at, since, case_worker, version)
		SELECT id, authority, 1 + ('x' || right(md5(authority), 4))::bit(16)::int % 3, 3, 'fill-' || n, kind, status,
			CASE status WHEN 3 THEN 0 WHEN 4 THEN 1 + n % 10 WHEN 5 THEN 11 ELSE 12 END,
			(400000000 + n % 500000) || 'A', 1 + n / 500000, lodged, lodged + interval '1 second', 'Casey Worker', 3 FROM made ORDER BY lodged`,
	`SET session_replication_role = origin; SET search_path = autoprocessing, public`, // triggers keep the counts of the queue
	`INSERT INTO autoprocessing.queue_entry (submission_id, entered_at, lodged_at, reasons)
		SELECT id, lodged, lodged, ARRAY[1 + n % 22]::smallint[] FROM made WHERE status = 3`,
	`SET session_replication_role = replica`,
	`INSERT INTO autoprocessing.notice (id, crn, authority_id, measure, state, start_date, end_date, quarantined_percent, submission_id, cut_revoked, recorded_at, version)
		SELECT id, (400000000 + n % 500000) || 'A', authority, 2, CASE WHEN n <= 500000 THEN 2 ELSE 3 END,
			current_date - 100 - 400 * (n / 500000)::int, current_date + 80 - 400 * (n / 500000)::int, 70, id, false, lodged, 1
		FROM made WHERE n % 20 = 0 AND n <= 2500000`,
	`INSERT INTO autoprocessing.notice_history (notice_id, version, state, start_date, end_date, effective_at, actor)
		SELECT id, version, state, start_date, end_date, recorded_at, 'system' FROM autoprocessing.notice`,
}

// measureQueries times searches, register look-ups and counts through gRPC, one
// caller, warm cache.
func measureQueries(ctx context.Context, s settings) error {
	server, err := startServer(ctx, s)
	if err != nil {
		return err
	}
	defer server.stop()
	h, err := startHub(ctx, server, s.hub, false)
	if err != nil {
		return err
	}
	defer h.stop()
	if err := h.fill(ctx, s.rows); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	conn, err := h.dial(identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer", "supervisor"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	queue, register := processingv1.NewQueueServiceClient(conn), processingv1.NewRegisterServiceClient(conn)
	r := rand.New(rand.NewPCG(1, 2))
	search := searcher{queue: queue, r: r}
	for _, q := range []struct {
		name  string
		times int
		ask   func(context.Context) error
	}{
		{"queue_search", 1000, search.ask},
		{"open_queue", 300, search.open},
		{"register_lookup", 1000, func(ctx context.Context) error {
			_, err := register.ListNotices(ctx, &processingv1.ListNoticesRequest{Crn: fmt.Sprintf("%dA", 400_000_000+r.IntN(500_000))})
			return err
		}},
		{"customer_history", 500, func(ctx context.Context) error {
			_, err := queue.SearchSubmissions(ctx, &processingv1.SearchSubmissionsRequest{Crn: fmt.Sprintf("%dA", 400_000_000+r.IntN(500_000))})
			return err
		}},
		{"queue_count", 20, func(ctx context.Context) error {
			_, err := queue.CountQueue(ctx, &processingv1.CountQueueRequest{})
			return err
		}},
		{"customer_get", 500, func(ctx context.Context) error {
			_, err := registryv1.NewRegistryServiceClient(conn).GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: crn(r.IntN(benchCustomers))})
			return err
		}},
	} {
		took, err := timed(ctx, q.times, q.ask)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		figure(q.name+"_p50_ms", quantile(took, 0.5), "ms")
		figure(q.name+"_p95_ms", quantile(took, 0.95), "ms")
		figure(q.name+"_p99_ms", quantile(took, 0.99), "ms")
	}
	return nil
}

// timed asks a tenth as a warm-up and then the given number of times.
func timed(ctx context.Context, times int, ask func(context.Context) error) ([]time.Duration, error) {
	var took []time.Duration
	for i := range times + times/10 {
		from := time.Now()
		if err := ask(ctx); err != nil {
			return nil, err
		}
		if i >= times/10 {
			took = append(took, time.Since(from))
		}
	}
	slices.Sort(took)
	return took, nil
}

func (h *hub) fill(ctx context.Context, rows int) error {
	say("filling %d submissions", rows)
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	indexes, err := dropIndexes(ctx, conn, "autoprocessing.submission")
	if err != nil {
		return err
	}
	for i, statement := range fill {
		if i == 2 {
			statement = fmt.Sprintf(statement, rows, fillDays)
		}
		statements := []string{statement}
		if i == 3 {
			statements = append(statements, indexes...)
		}
		for _, statement := range statements {
			from := time.Now()
			tag, err := conn.Exec(ctx, statement)
			if err != nil {
				return fmt.Errorf("%.60s…: %w", statement, err)
			}
			say("  %-14s %s", tag.String(), time.Since(from).Round(time.Second))
		}
	}
	for _, table := range []string{"submission", "queue_entry", "notice", "notice_history"} {
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE) autoprocessing."+table); err != nil {
			return err
		}
	}
	return nil
}

// dropIndexes drops the indexes of a table, its primary key aside, and returns the
// statements that make them again: filling and then indexing takes a third of the
// time.
func dropIndexes(ctx context.Context, conn *pgxpool.Conn, table string) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass AND NOT indisprimary`, table)
	if err != nil {
		return nil, err
	}
	var names, definitions []string
	var name, definition string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		names, definitions = append(names, name), append(definitions, definition)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP INDEX "+name); err != nil {
			return nil, err
		}
	}
	return append([]string{"SET maintenance_work_mem = '512MB'"}, definitions...), nil
}

type searcher struct {
	queue processingv1.QueueServiceClient
	r     *rand.Rand
}

// ask searches one to three types in one to four statuses, of one authority or
// of a business function, half of them within dates, half of them a deep page.
func (s searcher) ask(ctx context.Context) error {
	request := &processingv1.SearchSubmissionsRequest{PageSize: 50, IncludeHeld: true, Order: processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST}
	if s.r.IntN(4) > 0 {
		request.AuthorityIds = []string{fmt.Sprintf("auth-%03d", s.r.IntN(fillAuthorities))}
	} else {
		request.BusinessFunctions = []eventv1.BusinessFunction{eventv1.BusinessFunction(1 + s.r.IntN(3))}
	}
	for _, kind := range s.r.Perm(5)[:1+s.r.IntN(3)] {
		request.InformationTypes = append(request.InformationTypes, eventv1.InformationType(kind+1))
	}
	for _, status := range s.r.Perm(4)[:1+s.r.IntN(4)] {
		request.Statuses = append(request.Statuses, eventv1.SubmissionStatus(status+3))
	}
	before := time.Now().AddDate(0, 0, -s.r.IntN(fillDays-60))
	if s.r.IntN(2) == 0 {
		request.LodgedBefore = timestamppb.New(before)
	}
	if s.r.IntN(2) == 0 {
		request.LodgedFrom = timestamppb.New(before.AddDate(0, 0, -1-s.r.IntN(60)))
	}
	_, err := s.queue.SearchSubmissions(ctx, request)
	return err
}

// open is what an officer's list asks for again and again: the oldest
// unprocessed, by reason or by authority.
func (s searcher) open(ctx context.Context) error {
	request := &processingv1.SearchSubmissionsRequest{PageSize: 50, Statuses: []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED}}
	switch s.r.IntN(3) {
	case 0:
		request.Reasons = []eventv1.RejectionReason{eventv1.RejectionReason(1 + s.r.IntN(22))}
	case 1:
		request.AuthorityIds = []string{fmt.Sprintf("auth-%03d", s.r.IntN(fillAuthorities))}
	}
	_, err := s.queue.SearchSubmissions(ctx, request)
	return err
}
