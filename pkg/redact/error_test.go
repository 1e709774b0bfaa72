package redact

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func TestErrorsTellNoValues(t *testing.T) {
	t.Parallel()
	row := &pgconn.PgError{
		Severity: "ERROR", Code: "23505", Message: `invalid input syntax for type date: "CANARY"`, Detail: "Key (crn)=(CANARY) already exists.",
		Where: "CANARY", Hint: "CANARY", ConstraintName: "customer_pkey", TableName: "customer",
	}
	_, number := strconv.Atoi(canary)
	_, day := time.Parse(time.DateOnly, canary)
	var n struct{ A int }
	syntax := json.Unmarshal([]byte(`{"A":"CANARY"}`), &n)
	form := protojson.Unmarshal([]byte(`"CANARY`), &timestamppb.Timestamp{})
	for _, err := range []error{
		row, fmt.Errorf("write customers: %w", row), errors.Join(errors.New("both"), row), fmt.Errorf("as text: %s", row.Error()),
		number, day, syntax, form,
		fmt.Errorf("failed to encode args[2]: unable to encode CANARY{} into binary format for date (OID 1082)"),
		errors.New(`proto: (line 1:2): invalid value for string field family_name: CANARY`),
		errors.New("the name 'CANARY' is wrong"), errors.New("never closed: \"CANARY"), errors.New("told of `CANARY`"),
		errors.New(`escaped "a \" CANARY" b`),
	} {
		if got := Error(err); strings.Contains(got, canary) || got == "" {
			t.Errorf("%v became %s", err, got)
		}
	}
	got := Error(fmt.Errorf("write customers: %w", row))
	if got != "write customers: SQLSTATE 23505 constraint customer_pkey table customer" {
		t.Errorf("became %s", got)
	}
	if got := Error(errors.New("customer 123456789A, born 1980-02-03, isn't nobody's")); got != "customer [hidden], born [day], isn't nobody's" {
		t.Errorf("became %s", got)
	}
	if Error(nil) != "" {
		t.Error("nil tells something")
	}
}

type broken struct{ error }

func TestBrokenErrorsDoNoHarm(t *testing.T) {
	t.Parallel()
	if got := Error(broken{}); got != Hidden {
		t.Errorf("became %s", got)
	}
}

func TestPanicsTellTypesOnly(t *testing.T) {
	t.Parallel()
	if got := Panic(canary); got != "a value of type string" {
		t.Errorf("string: %s", got)
	}
	if got := Panic(errors.New(canary)); strings.Contains(string(got), canary) {
		t.Errorf("error: %s", got)
	}
	defer func() {
		if got := Panic(recover()); !strings.Contains(string(got), "index out of range") {
			t.Errorf("the runtime's: %s", got)
		}
	}()
	_ = strings.Split("", "")[len(canary)]
}

func TestStacksHaveNoArguments(t *testing.T) {
	t.Parallel()
	if got := Stack(); !strings.Contains(got, "TestStacksHaveNoArguments redact/error_test.go:") || strings.Contains(got, "\n") {
		t.Errorf("stack %s", got)
	}
	got := Frames("goroutine 1 [running]:\nmain.(*T).f(0xc000012345, {0xc0001, 0x6})\n\t/src/main.go:12 +0x1d\npanic({0x4a?, 0x5b?})\n\t/go/panic.go:1\nx.y(...)\n\t/a.go:2 +0x3")
	if strings.Contains(got, "0xc") || strings.Contains(got, "0x4a") || !strings.Contains(got, "main.(*T).f() /src/main.go:12") {
		t.Errorf("frames %s", got)
	}
}

func TestLinesAreLines(t *testing.T) {
	t.Parallel()
	got := Line("a\r\nb\x1b[31m\u2028\u202e\u009b\ufeff\x00\x7f\xff ü")
	if got != `a\u000d\u000ab\u001b[31m\u2028\u202e\u009b\ufeff\u0000\u007f`+"\ufffd ü" {
		t.Errorf("%q", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("\"x\x1b\n' '1234567890A")
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Text(s), Plain(s), Line(s), Frames(s)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
				t.Errorf("%q became %q", s, got)
			}
		}
		if got := Text(s); len(got) > maxError+8 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
