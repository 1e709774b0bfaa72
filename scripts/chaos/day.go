package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// reports must hold when the days are closed: one line for each outcome.
var reports = []law{
	{"outcomes without a report", `SELECT count(*) FROM adviceoutcome.outcome o WHERE NOT EXISTS (
		SELECT FROM adviceoutcome.report r WHERE r.authority_id = o.authority_id AND r.sealed_at IS NOT NULL
		AND o.report_date <= r.report_date AND (r.previous_date IS NULL OR o.report_date > r.previous_date))`},
	{"lines more or fewer than outcomes", `SELECT abs((SELECT coalesce(sum(lines), 0) FROM adviceoutcome.report WHERE sealed_at IS NOT NULL) - (SELECT count(*) FROM adviceoutcome.outcome))::bigint`},
	{"reports that are not sealed", `SELECT count(*) FROM adviceoutcome.report WHERE sealed_at IS NULL`},
	{"gaps in the numbering of reports", `SELECT count(*) FROM (SELECT authority_id FROM adviceoutcome.report GROUP BY authority_id HAVING max(sequence) <> count(*) OR count(*) < 3) x`},
	{"sealed bytes that do not have their digest", `SELECT count(*) FROM adviceoutcome.report r WHERE sealed_at IS NOT NULL AND csv_digest <> coalesce(
		(SELECT sha256(string_agg(content, ''::bytea ORDER BY number)) FROM adviceoutcome.report_chunk c WHERE c.report_id = r.report_id AND form = 1), sha256(''::bytea))`},
}

// closeTheDay moves the business clock on by days, crashes the report's sealer at
// each of its points, and counts lines against outcomes (I19 to I21).
func (f *faults) closeTheDay(ctx context.Context, _ *clients) []string {
	w := f.w
	if w.planted != "" {
		return nil // what was planted shows in the flow
	}
	for day, name := range append(append([]string(nil), sealPoints...), "", "") {
		if err := w.setClock(time.Duration(day+1) * 24 * time.Hour); err != nil {
			return []string{err.Error()}
		}
		p := w.services["adviceoutcome"]
		p.kill()
		if err := p.start("NOTICEHUB_CRASH=" + crash(name)); err != nil {
			return []string{err.Error()}
		}
		limit := 5 * time.Second
		if name == "" {
			limit = 2 * time.Second
		}
		if p.wait(limit) {
			f.hit[name]++
			f.kills++
		}
	}
	// The others learn of the new day too; notices whose day has come become active.
	for _, p := range w.services {
		p.kill()
		if err := p.start(); err != nil {
			return []string{err.Error()}
		}
	}
	var violations []string
	for _, l := range append(append([]law(nil), reports...), always...) {
		err := eventually(ctx, 45*time.Second, func() error {
			n, err := w.count(ctx, l.query)
			if err == nil && n > 0 {
				err = fmt.Errorf("%d %s", n, l.name)
			}
			return err
		})
		if err != nil {
			violations = append(violations, err.Error())
		}
	}
	return violations
}

func crash(name string) string {
	if name == "" {
		return ""
	}
	return name + ":1"
}

func (w *world) setClock(offset time.Duration) error {
	return os.WriteFile(filepath.Join(w.dir, "clock.json"), fmt.Appendf(nil, `{"offset_seconds":%d}`, int64(offset.Seconds())), 0o644)
}
