package ledger

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
)

// What is read without decoding is what decoding gives.
func FuzzParse(f *testing.F) {
	f.Add("submission.decided", "submission/1", "REASON", "officer:a", "status", "DONE", "customer/c-x")
	f.Add("a\"b", "", "", "", "customer", "x", "")
	f.Add("a", "{\"detail\":{", "", "", "x\"customer\":\"", "y", "")
	f.Fuzz(func(t *testing.T, action, object, reason, actor, name, value, customer string) {
		e := audit.Entry{Action: action, Object: object, Result: audit.Refused, Reason: reason, Actor: actor, Detail: map[string]string{name: value}}
		if customer != "" {
			e.Detail["customer"] = customer
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var want audit.Entry
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := parse(text)
		if string(got.action) != want.Action || string(got.object) != want.Object || string(got.result) != string(want.Result) || string(got.actor) != want.Actor || string(got.customer) != want.Detail["customer"] {
			t.Errorf("%s is read as %q", text, got)
		}
	})
}

func TestTermsOfNewObjectsLieTogether(t *testing.T) {
	t.Parallel()
	now := clock.System().Now()
	var list []Term
	for range 1000 {
		list = append(list, ObjectTerm("submission/"+clock.NewID(now).String()))
		now = now.Add(1e6)
	}
	if list[0]>>52 != list[999]>>52 {
		t.Error("terms of one kind lie apart")
	}
	if n := len(slices.Compact(slices.Clone(list))); n > 1000/64+2 {
		t.Errorf("1000 objects made within a second have %d terms", n)
	}
	for i := range list[1:] {
		if list[i]>>16 > list[i+1]>>16 {
			t.Fatal("newer objects do not come later")
		}
	}
	if ObjectTerm("submission/x") == ObjectTerm("submission/y") || ObjectTerm("a/"+clock.NewID(now).String()) == ObjectTerm("b/"+clock.NewID(now).String()) {
		t.Error("different objects share a term")
	}
	if term("actor", "x") != ActorTerm("x") || term("actor", []byte("x")) != ActorTerm("x") {
		t.Error("the two forms differ")
	}
}
