package console_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
)

// people are who is listed, as "person roles"; those without a session in brackets.
func (v *views) people(roles ...string) (names []string) {
	v.t.Helper()
	list, err := v.person("adam", "administrator").ListPeople(context.Background(), &consolev1.ListPeopleRequest{Roles: roles})
	if err != nil {
		v.t.Fatal(err)
	}
	for _, p := range list.GetPeople() {
		name := strings.TrimSpace(p.GetPerson() + " " + strings.Join(p.GetRoles(), "+"))
		if !p.GetPresent() {
			name = "(" + name + ")"
		}
		names = append(names, name)
	}
	return names
}

func TestPeopleAreThoseWhoSignedIn(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	lists := func(what string, roles []string, want ...string) {
		t.Helper()
		if got := v.people(roles...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	lists("nobody", nil)
	one, two, boss := v.browser(), v.browser(), v.browser()
	one.signIn(avery)
	v.clock.Advance(time.Minute)
	two.signIn(avery)
	boss.signIn(gray)
	lists("everybody", nil, avery+" contact-officer", gray+" supervisor")
	lists("supervisors", []string{"supervisor", "auditor"}, gray+" supervisor")
	lists("auditors", []string{"auditor"})
	list, err := v.person("gray", "supervisor").ListPeople(t.Context(), &consolev1.ListPeopleRequest{})
	if err != nil || !list.GetPeople()[0].GetSignedInAt().AsTime().Equal(v.clock.Now()) {
		t.Errorf("%v, %v", list, err)
	}
	// Roles follow the provider; without any there is nobody to give work to.
	if err := v.provider.SetRoles(gray, "officer", "supervisor"); err != nil {
		t.Fatal(err)
	}
	v.clock.Advance(31 * time.Second)
	if _, err := v.who(boss); err != nil {
		t.Fatal(err)
	}
	lists("a role more", []string{"officer"}, gray+" officer+supervisor")
	if err := v.provider.SetRoles(gray); err != nil {
		t.Fatal(err)
	}
	v.clock.Advance(31 * time.Second)
	_, err = v.who(boss)
	over(t, "without roles", err)
	lists("without roles", []string{"officer", "supervisor"})
	lists("without roles, everybody", nil, avery+" contact-officer", "("+gray+")")
	// Away after signing out everywhere, or unused for 15 minutes.
	one.send("POST", "/signout", nil, "Origin", v.origin, "Sec-Fetch-Site", "same-origin")
	lists("one browser left", []string{"contact-officer"}, avery+" contact-officer")
	v.clock.Advance(15 * time.Minute)
	lists("unused", []string{"contact-officer"}, "("+avery+" contact-officer)")
	// Forgotten 90 days after the last sign-in.
	for who, days := range map[string]int{avery: 89, gray: 90} {
		if _, err := v.pool.Exec(t.Context(), "UPDATE person SET signed_in_at = $2 WHERE person = $1", who, v.clock.Now().AddDate(0, 0, -days)); err != nil {
			t.Fatal(err)
		}
	}
	lists("90 days later", nil, "("+avery+" contact-officer)")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.service.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var n int
		if err := v.pool.QueryRow(t.Context(), "SELECT count(*) FROM person").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d people are kept", n)
		}
	}
	stop()
	<-done
	_, err = v.person("adam", "administrator").ListPeople(t.Context(), &consolev1.ListPeopleRequest{Roles: []string{"officer", "root"}})
	refused(t, "no role", err, fault.Invalid, "FIELD_INVALID", "roles[1]", "root")
	_, err = v.person("audrey", "auditor").ListPeople(t.Context(), &consolev1.ListPeopleRequest{})
	refused(t, "an auditor", err, fault.Denied, "METHOD_DENIED")
}

func TestPeopleAre500AtMost(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	if _, err := v.pool.Exec(t.Context(), "INSERT INTO person (person, roles, signed_in_at) SELECT 'p' || n, '{officer}', $1 FROM generate_series(1, 501) n", v.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n := len(v.people("officer")); n != 500 {
		t.Errorf("%d people", n)
	}
}
