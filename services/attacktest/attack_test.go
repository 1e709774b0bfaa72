//go:build attack

package attacktest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// figuresFile is the environment's name of the file that figures are added to, for
// the run's very end.
const figuresFile = "NOTICEHUB_ATTACK_FIGURES"

func figure(t testing.TB, name string, value float64, unit string) {
	text := fmt.Sprintf("%.3f", value)
	if value == float64(int64(value)) {
		text = fmt.Sprint(int64(value))
	}
	line := fmt.Sprintf("figure %s %s %s", name, text, unit)
	t.Log(line)
	path := os.Getenv(figuresFile)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, line); err != nil {
		t.Error(err)
	}
}

// searchQuota is the day's quota of searches in the attacked hub: small, so that
// it can be used up.
const searchQuota = 1200

func TestMain(m *testing.M) {
	_ = os.Setenv("NOTICEHUB_SEARCH_QUOTA", fmt.Sprint(searchQuota))
	postgrestest.Main(m)
}

// attacks is the attack list, in the order it is run: what needs an untouched hub
// first, what uses quotas up last.
func attacks() []attack {
	return slices.Concat(
		handshakes(), envelopes(), records(), keys(), wires(), texts(), injections(), numbers(),
		walls(), signIns(), browsers(), restricted(), outgoing(), secrets(), phrasings(), chance(), crowds(),
	)
}

// TestAttacks makes every attack of the list on one hub.
func TestAttacks(t *testing.T) {
	t.Setenv("NOTICEHUB_SEAL_EVERY", "250ms")
	w := open(t, nil)
	w.people(t, 60)
	w.plant(t)
	w.removeARole(t)
	w.reported(t)
	run, failed := 0, 0
	for _, c := range attacks() {
		run++
		if !t.Run(fmt.Sprintf("%02d %s", c.number, c.name), func(t *testing.T) { w.attack(t, c) }) {
			failed++
		}
	}
	t.Run("audit log altered", w.alterLog)
	figure(t, "attacks_run", float64(run), "attacks")
	figure(t, "attacks_failed", float64(failed), "attacks")
}

// reported waits until the authorities' first reports are sealed: on a business day
// they are due at once, and would be taken for what an attack changed.
func (w *world) reported(t *testing.T) {
	t.Helper()
	until(t, "daily reports know the authorities", func() error {
		var known int
		err := w.db.QueryRow(t.Context(), "SELECT count(*) FROM adviceoutcome.authority").Scan(&known)
		if err == nil && known < len(synthetic.AuthorityIDs()) {
			err = errNotYet
		}
		return err
	})
	time.Sleep(2 * time.Second) // some looks for reports that are due
	w.rest(t)
}

// attack makes one and judges what is the same of all.
func (w *world) attack(t *testing.T, c attack) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	a := &attempt{T: t, world: w, ctx: ctx}
	before, since := w.rest(t), w.moment(t)
	began := time.Now()
	c.run(a)
	took := time.Since(began)
	after := w.rest(t)
	if tables := differs(before, after); !c.lodges && len(tables) > 0 {
		t.Errorf("it changed %s", strings.Join(tables, ", "))
	}
	switch {
	case c.record != "":
		for record := range strings.SplitSeq(c.record, ", ") {
			now := w.entries(t, since)
			// Equal refusals of strangers are counted for 5 s and told in one entry.
			for until := time.Now().Add(8 * time.Second); now[record] == 0 && time.Now().Before(until); now = w.entries(t, since) {
				time.Sleep(250 * time.Millisecond)
			}
			if now[record] == 0 {
				t.Errorf("the audit log has no entry %q of it; new ones: %v", record, slices.Sorted(maps.Keys(now)))
			}
		}
	case c.noRecord == "":
		t.Error("the case says neither what entry it leaves nor why it leaves none")
	}
	for _, word := range []string{victimWord, hiddenWord, w.victim.GetCrn(), w.hidden.GetCrn()} {
		if strings.Contains(a.heard.String(), word) {
			t.Errorf("an answer holds %s", word)
		}
	}
	t.Logf("%s, %d bytes of answers", took.Round(time.Millisecond), a.heard.Len())
}
