package identity

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
)

func TestDevelopmentTokensRoundTrip(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]Caller{
		"dev.authority.frc":                       {Kind: Authority, ID: "frc"},
		"dev.authority.nt-spar":                   {Kind: Authority, ID: "nt-spar"},
		"dev.person.alice":                        {Kind: Person, ID: "alice"},
		"dev.person.alice.officer":                {Kind: Person, ID: "alice", Roles: []string{"officer"}},
		"dev.person.bob.auditor+a-clerk":          {Kind: Person, ID: "bob", Roles: []string{"auditor", "a-clerk"}},
		"dev.service.autoprocessing":              {Kind: Service, ID: "autoprocessing"},
		"dev.person.x." + strings.Repeat("r", 64): {Kind: Person, ID: "x", Roles: []string{strings.Repeat("r", 64)}},
	} {
		for _, scheme := range []string{"Bearer ", "bearer "} {
			got, err := Development().Authenticate(t.Context(), Credentials{Authorization: scheme + token})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s%s is %+v, %v; want %+v", scheme, token, got, err, want)
			}
		}
		if got := DevelopmentToken(want); got != token {
			t.Errorf("DevelopmentToken(%+v) = %q, want %q", want, got, token)
		}
	}
}

func TestDevelopmentRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "Bearer", "Bearer ", "Basic ZnJj", "dev.authority.frc", "Bearer dev", "Bearer dev.authority",
		"Bearer dev.authority.", "Bearer dev.nobody.x", "Bearer dev.authority.frc.officer", "Bearer dev.service.a.b",
		"Bearer dev.person.alice.", "Bearer dev.person.alice.a++b", "Bearer dev.person.alice.a.b",
		"Bearer dev.authority.FRC", "Bearer dev.authority.a\nb", "Bearer prod.authority.frc",
		"Bearer dev.authority." + strings.Repeat("a", 65),
	} {
		c, err := Development().Authenticate(t.Context(), Credentials{Authorization: bad})
		if fault.KindOf(err) != fault.Unauthenticated || !reflect.DeepEqual(c, Caller{}) {
			t.Errorf("%q gave %+v, %v", bad, c, err)
		}
		if err != nil && len(bad) > 9 && strings.Contains(err.Error(), bad[9:]) {
			t.Errorf("the error repeats the credential %q: %v", bad, err)
		}
	}
}

func TestTableDeniesByDefault(t *testing.T) {
	t.Parallel()
	officer := Caller{Kind: Person, ID: "alice", Roles: []string{"officer"}}
	table := Table{
		"/s/A": {Kinds: []Kind{Authority}},
		"/s/P": {Kinds: []Kind{Person}},
		"/s/M": {Kinds: []Kind{Authority, Person}, Roles: []string{"auditor", "supervisor"}},
		"/s/N": {Roles: []string{"officer"}},
	}
	for _, c := range []struct {
		method  string
		caller  Caller
		allowed bool
	}{
		{"/s/A", Caller{Kind: Authority, ID: "frc"}, true},
		{"/s/A", officer, false},
		{"/s/A", Caller{Kind: Service, ID: "x"}, false},
		{"/s/P", officer, true},
		{"/s/P", Caller{Kind: Person, ID: "bare"}, true},
		{"/s/M", officer, false},
		{"/s/M", Caller{Kind: Person, ID: "bob", Roles: []string{"x", "supervisor"}}, true},
		{"/s/M", Caller{Kind: Authority, ID: "frc"}, true},
		{"/s/N", officer, false},
		{"/s/missing", officer, false},
		{"/s/A", Caller{}, false},
	} {
		err := table.Check(c.method, c.caller)
		if (err == nil) != c.allowed || (err != nil && fault.KindOf(err) != fault.Denied) {
			t.Errorf("Check(%s, %+v) = %v", c.method, c.caller, err)
		}
	}
	if err := Table(nil).Check("/s/A", officer); err == nil {
		t.Error("an empty table lets somebody in")
	}
}

func TestMergeRefusesTwoRules(t *testing.T) {
	t.Parallel()
	a, b := Table{"/s/A": {Kinds: []Kind{Authority}}}, Table{"/s/B": {}}
	if all, err := Merge(a, b); err != nil || len(all) != 2 {
		t.Errorf("Merge = %v, %v", all, err)
	}
	if _, err := Merge(a, a); err == nil {
		t.Error("a method with two rules was accepted")
	}
}

func TestCallerInContext(t *testing.T) {
	t.Parallel()
	frc := Caller{Kind: Authority, ID: "frc"}
	if id, err := MustAuthority(With(t.Context(), frc)); id != "frc" || err != nil {
		t.Errorf("MustAuthority = %q, %v", id, err)
	}
	for kind, ctx := range map[fault.Kind]context.Context{
		fault.Unauthenticated: t.Context(),
		fault.Denied:          With(t.Context(), Caller{Kind: Person, ID: "alice"}),
	} {
		if _, err := MustAuthority(ctx); fault.KindOf(err) != kind {
			t.Errorf("MustAuthority = %v, want %v", err, kind)
		}
	}
	if _, ok := From(With(t.Context(), Caller{ID: "x"})); ok {
		t.Error("a caller without a kind counts as somebody")
	}
	for want, c := range map[string]Caller{
		"authority:frc": frc, "officer:alice": {Kind: Person, ID: "alice"}, "service:x": {Kind: Service, ID: "x"}, "nobody:": {},
	} {
		if got := c.Actor(); got != want {
			t.Errorf("Actor = %q, want %q", got, want)
		}
	}
}

func TestPersons(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"contact-officer.avery": true, "auth0|5f7c8ec7c33c6c004bbafe82": true, "a@b.example": true, "": false, "a b": false, "a\nb": false, "-a": false, "é": false,
		strings.Repeat("a", 100): true, strings.Repeat("a", 101): false,
	} {
		if IsPerson(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
