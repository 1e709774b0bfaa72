package rpc

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/noticehub/noticehub/pkg/fault"
)

// FuzzJSON: whatever the body, the answer is a message or an Invalid fault, soon.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"fieldViolations":[{"field":"a","description":"b"}]}`, `{"x":1}`, `{"fieldViolations":[{"nope":1}]}`,
		`[`, "\ufeff{}", `{"field":"\ud800"}`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"fieldViolations":[[[[]]]]}`, "\x00", `1e999`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		began := time.Now()
		if err := unmarshalJSON(body, &errdetails.BadRequest{}); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
		_ = unmarshalJSON(body, &structpb.Struct{})
		if took := time.Since(began); took > time.Second {
			t.Errorf("%d bytes took %s", len(body), took)
		}
	})
}
