package rpc_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// broken gives the paths that Validate complains about.
func broken(t testing.TB, m proto.Message) map[string]string {
	t.Helper()
	err := rpc.Validate(m)
	if err == nil {
		return nil
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Reason != "FIELD_INVALID" {
		t.Fatalf("Validate = %+v", err)
	}
	paths := make(map[string]string)
	for _, field := range f.Fields {
		paths[field.Path] = field.Description
	}
	return paths
}

func TestValidateNamesEveryField(t *testing.T) {
	t.Parallel()
	if err := rpc.Validate(request(t, `text: "x" item { family_name: "Citizen" percent: 70 }`)); err != nil {
		t.Errorf("a good message: %v", err)
	}
	got := broken(t, request(t, `
		item { family_name: "far too long" inner { percent: 101 } }
		more { percent: 1 } more { percent: -1 }
		by_name { key: "k" value { percent: 900 } }`))
	want := []string{`by_name["k"].percent`, "item.family_name", "item.inner.percent", "more[1].percent"}
	if paths := slices.Sorted(maps.Keys(got)); !slices.Equal(paths, want) {
		t.Errorf("paths %q, want %q", paths, want)
	}
	for path, description := range got {
		if description == "" {
			t.Errorf("%s: nothing said", path)
		}
	}
}

func TestTimesAndDurationsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    proto.Message
		path string
		good bool
	}{
		{&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 1, Nanos: -5}}, "retry_delay", false},
		{&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Nanos: math.MaxInt32}}, "retry_delay", false},
		{&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}, "", true},
		{&timestamppb.Timestamp{Seconds: math.MaxInt64}, "", false},
		{&timestamppb.Timestamp{Nanos: -1}, "", false},
		{timestamppb.New(time.Unix(0, 0)), "", true},
	} {
		got := broken(t, c.m)
		if _, told := got[c.path]; (len(got) == 0) != c.good || told == c.good {
			t.Errorf("%v: %v", c.m, got)
		}
	}
}

// withUnknown adds an unknown field 99 to each message of bytes given by wrap.
func withUnknown(t testing.TB, wrap func(unknown []byte) []byte) proto.Message {
	t.Helper()
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	m := requestType.New().Interface()
	if err := proto.Unmarshal(wrap(append(unknown, unknown...)), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func message(number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
}

func TestUnknownFieldsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	for want, wrap := range map[string]func([]byte) []byte{
		"99":               func(u []byte) []byte { return u },
		"item.99":          func(u []byte) []byte { return message(2, u) },
		"item.inner.99":    func(u []byte) []byte { return message(2, message(3, u)) },
		"more[1].99":       func(u []byte) []byte { return append(message(3, nil), message(3, u)...) },
		`by_name["k"].99`:  func(u []byte) []byte { return message(4, append(message(1, []byte("k")), message(2, u)...)) },
		"more[0].inner.99": func(u []byte) []byte { return message(3, message(3, u)) },
	} {
		if got := broken(t, withUnknown(t, wrap)); len(got) != 1 || got[want] == "" {
			t.Errorf("%s: complaints %q", want, got)
		}
	}
	// At two places at once, and beside a broken rule.
	both := withUnknown(t, func(u []byte) []byte { return slices.Concat(u, message(2, u), message(3, u)) })
	if got := broken(t, both); len(got) != 3 {
		t.Errorf("complaints %q", got)
	}
	beside := withUnknown(t, func(u []byte) []byte { return append(u, message(2, message(1, []byte("far too long")))...) })
	if got := broken(t, beside); len(got) != 2 {
		t.Errorf("complaints %q", got)
	}
}

func BenchmarkValidate(b *testing.B) {
	m := request(b, `text: "x" item { family_name: "Citizen" percent: 70 inner { percent: 3 } }`)
	b.ReportAllocs()
	for b.Loop() {
		if err := rpc.Validate(m); err != nil {
			b.Fatal(err)
		}
	}
}
