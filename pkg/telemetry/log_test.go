package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/noticehub/noticehub/pkg/redact"
)

const canary = "CANARY"

// logs is a log in both forms and what was written.
func logs(t *testing.T) (both []*slog.Logger, written []*bytes.Buffer) {
	t.Helper()
	for _, format := range []string{"text", "json"} {
		b := new(bytes.Buffer)
		both = append(both, lines(b, Config{LogFormat: format, LogLevel: "debug"}, nil))
		written = append(written, b)
	}
	return both, written
}

type broken struct{}

func (broken) LogValue() slog.Value { panic(canary) }

type loud struct{ Name string }

func TestALineHasNothingPersonalAndIsOneLine(t *testing.T) {
	t.Parallel()
	row := &pgconn.PgError{Severity: "ERROR", Code: "22007", Message: `invalid input syntax for type date: "CANARY"`, Detail: canary}
	both, written := logs(t)
	for i, log := range both {
		log.Info("unknown keys", "family_name", canary, "reference", canary, slog.Group("g", "crn", canary, "count", 3))
		log.With("crn", canary, "part", "x").WithGroup("h").Info("bound", "text", canary)
		log.Info("errors", "error", fmt.Errorf("write: %w", row), "cause", errors.New(`"CANARY"`))
		log.Info("errors as text", "error", fmt.Errorf("write: %w", row).Error())
		log.Info("panics", "panic", canary, "stack", string(debug.Stack()))
		log.Info("values", "event", wrapperspb.String(canary), "kind", loud{canary}, "what", &loud{canary}, "code", broken{}, "state", []byte(canary))
		log.Info("customer 123456789A asked for \"CANARY\"", "method", "123456789A")
		log.Info("one\r\n{\"level\":\"ERROR\"}\nline", "method", "v\x1b[31m\u2028\u202e\u009b", "a\nb", 1)
		text := written[i].String()
		if strings.Contains(text, canary) || strings.Contains(text, "123456789A") {
			t.Errorf("logged %s", text)
		}
		if n := strings.Count(text, "\n"); n != 8 {
			t.Errorf("8 events are %d lines: %s", n, text)
		}
		if strings.ContainsFunc(text, func(r rune) bool {
			return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Cf))
		}) {
			t.Errorf("logged %q", text)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(written[1].String()), "\n") {
		if err := json.Unmarshal([]byte(line), new(map[string]any)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestWhatIsPlainStays(t *testing.T) {
	t.Parallel()
	both, written := logs(t)
	both[1].With("service", "intake").Warn("sweep failed", "sweep", "x", "rows", 7, "after", time.Second, "epoch", uint64(9), "methods", []string{"a", "b"},
		"error", errors.New("the database is out of reach"), "panic", redact.Panic(3))
	got := map[string]any{}
	if err := json.Unmarshal(written[1].Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"service": "intake", "msg": "sweep failed", "sweep": "x", "rows": 7.0, "after": 1e9, "epoch": 9.0, "methods": "a b",
		"error": "the database is out of reach", "panic": "a value of type int",
	} {
		if got[key] != want {
			t.Errorf("%s is %v", key, got[key])
		}
	}
}

func TestHiddenValuesAreCounted(t *testing.T) {
	t.Parallel()
	hidden := newHidden()
	log := lines(new(bytes.Buffer), Config{LogFormat: "json", LogLevel: "info"}, hidden)
	log.Info("x", "crn", 1, "count", 1, "name", 2)
	log.With("dob", 1).Debug("not written")
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(hidden)
	families, err := metrics.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetCounter().GetValue() != 3 {
		t.Errorf("gathered %v, %v; 3 values were hidden", families, err)
	}
}
