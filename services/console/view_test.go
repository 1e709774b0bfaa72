package console_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	consolev1 "github.com/noticehub/noticehub/proto/noticehub/console/v1"
)

const (
	queue     = consolev1.Screen_SCREEN_QUEUE
	all       = consolev1.Screen_SCREEN_SUBMISSIONS
	workItems = consolev1.Screen_SCREEN_WORK_ITEMS
)

// refused checks the kind and reason of an error and words of its message.
func refused(t *testing.T, what string, err error, kind fault.Kind, reason string, words ...string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(rpc.Fault(err), &f) || f.Kind != kind || f.Reason != reason {
		t.Errorf("%s: got %v, want %s %s", what, err, kind, reason)
		return
	}
	for _, w := range words {
		if !strings.Contains(f.Message, w) {
			t.Errorf("%s: %q does not say %q", what, f.Message, w)
		}
	}
}

// views lets people put, list and delete views.
type views struct {
	*world
	as func(identity.Caller) people
}

type people struct {
	consolev1.SessionServiceClient
	consolev1.ViewServiceClient
}

func newViews(t *testing.T) *views {
	w := newWorld(t)
	return &views{world: w, as: w.clients()}
}

func (v *views) person(id string, roles ...string) people {
	return v.as(identity.Caller{Kind: identity.Person, ID: id, Roles: roles})
}

func newView(screen consolev1.Screen, name, query string, shared bool) *consolev1.PutViewRequest {
	return &consolev1.PutViewRequest{ViewId: clock.NewID(time.Now()).String(), Screen: screen, Name: name, Query: query, Shared: shared}
}

func (v *views) put(p people, r *consolev1.PutViewRequest) *consolev1.View {
	v.t.Helper()
	kept, err := p.PutView(context.Background(), r)
	if err != nil {
		v.t.Fatalf("%v: %v", r, err)
	}
	return kept.GetView()
}

// listed are "owner/name/editable" of what a person sees.
func (v *views) listed(p people, screen consolev1.Screen) (names []string) {
	v.t.Helper()
	list, err := p.ListViews(context.Background(), &consolev1.ListViewsRequest{Screen: screen})
	if err != nil {
		v.t.Fatal(err)
	}
	for _, x := range list.GetViews() {
		names = append(names, fmt.Sprintf("%s/%s/%v", x.GetOwner(), x.GetName(), x.GetEditable()))
	}
	return names
}

func TestViewsAreOnesOwnAndThoseShared(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	ann, ben, boss, auditor := v.person("ann", "officer"), v.person("ben", "officer"), v.person("boss", "supervisor"), v.person("audrey", "auditor")
	ctx := t.Context()
	r := newView(queue, " No match ", "reason=NO_MATCH&authority=frc", false)
	own := v.put(ann, r)
	if own.GetName() != "No match" || own.GetVersion() != 1 || own.GetOwner() != "ann" || !own.GetEditable() || own.GetQuery() != r.GetQuery() || !own.GetChangedAt().AsTime().Equal(v.clock.Now()) {
		t.Errorf("kept %v", own)
	}
	v.put(ann, newView(queue, "Board", "order=newest", true))
	v.put(ann, newView(all, "No match", "status=RETURNED", true)) // of another screen
	v.put(ben, newView(queue, "board", "age=5", false))
	for p, want := range map[*people][]string{
		&ann: {"ann/Board/true", "ann/No match/true"}, &ben: {"ann/Board/false", "ben/board/true"}, &boss: {"ann/Board/true"}, &auditor: {"ann/Board/false"},
	} {
		if got := v.listed(*p, queue); !slices.Equal(got, want) {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
	// Again is the same; of others' nothing is said.
	if again := v.put(ann, r); again.GetVersion() != 1 || len(v.entries()) != 4 {
		t.Errorf("again: %v, %q", again, v.entries())
	}
	taken := newView(queue, "No match", "", false)
	_, err := ann.PutView(ctx, taken)
	refused(t, "a name taken", err, fault.Exists, "VIEW_NAME_TAKEN")
	_, err = ben.PutView(ctx, r)
	refused(t, "an id taken", err, fault.Precondition, "VIEW_ID_REUSED")
	r.Query = "reason=NO_MATCH"
	_, err = ann.PutView(ctx, r)
	refused(t, "an id of one's own taken", err, fault.Precondition, "VIEW_ID_REUSED")
	r.Version = 1
	for who, p := range map[string]people{"another officer": ben, "a supervisor": boss} {
		_, err = p.PutView(ctx, r)
		refused(t, who, err, fault.NotFound, "VIEW_NOT_FOUND")
		if _, err = p.DeleteView(ctx, &consolev1.DeleteViewRequest{ViewId: r.GetViewId()}); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	_, err = auditor.PutView(ctx, newView(queue, "Mine", "", false))
	refused(t, "an auditor's", err, fault.Denied, "METHOD_DENIED")
	if got := v.listed(ann, queue); len(got) != 2 {
		t.Errorf("something is gone: %q", got)
	}
}

func TestAChangedViewIsOneThatWasSeen(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	ann, ben, boss := v.person("ann", "officer"), v.person("ben", "officer"), v.person("boss", "supervisor")
	ctx := t.Context()
	r := newView(workItems, "Overdue", "office=QLD1&state=OPEN", true)
	v.put(ann, r)
	change := func(p people, version int32, name string) (*consolev1.View, error) {
		r.Version, r.Name = version, name
		kept, err := p.PutView(ctx, r)
		return kept.GetView(), err
	}
	_, err := change(ben, 1, "Late")
	refused(t, "another officer's", err, fault.Denied, "VIEW_OF_ANOTHER", "ann")
	_, err = ben.DeleteView(ctx, &consolev1.DeleteViewRequest{ViewId: r.GetViewId()})
	refused(t, "another officer's deleted", err, fault.Denied, "VIEW_OF_ANOTHER")
	for range 2 { // again is the same
		if kept, err := change(boss, 1, "Late"); err != nil || kept.GetVersion() != 2 || kept.GetOwner() != "ann" || !kept.GetEditable() {
			t.Errorf("by a supervisor: %v, %v", kept, err)
		}
	}
	_, err = change(ann, 1, "Very late")
	refused(t, "one that was changed", err, fault.Conflict, "VIEW_CHANGED", "boss")
	_, err = change(ann, 1, "Late")
	refused(t, "to the same, but unseen", err, fault.Conflict, "VIEW_CHANGED", "boss")
	if kept, err := change(ann, 2, "Very late"); err != nil || kept.GetVersion() != 3 {
		t.Errorf("%v, %v", kept, err)
	}
	if kept, err := change(ann, 3, "Very late"); err != nil || kept.GetVersion() != 3 {
		t.Errorf("without a change: %v, %v", kept, err)
	}
	other := newView(workItems, "Another", "", false)
	v.put(ann, other)
	_, err = change(ann, 3, "Another")
	refused(t, "to a name taken", err, fault.Exists, "VIEW_NAME_TAKEN")
	r.Screen, r.Query = queue, ""
	_, err = change(ann, 3, "Very late")
	refused(t, "of another screen", err, fault.Invalid, "FIELD_INVALID", "screen")
	for range 2 {
		if _, err := boss.DeleteView(ctx, &consolev1.DeleteViewRequest{ViewId: r.GetViewId()}); err != nil {
			t.Error(err)
		}
	}
	_, err = change(ann, 3, "Very late")
	refused(t, "deleted", err, fault.NotFound, "VIEW_NOT_FOUND")
	var done []string
	for _, e := range v.entries() {
		if strings.Contains(e, " view.") {
			done = append(done, e)
		}
	}
	if want := []string{"officer:ann view.put done", "officer:boss view.put done", "officer:ann view.put done", "officer:ann view.put done", "officer:boss view.deleted done"}; !slices.Equal(done, want) {
		t.Errorf("audited %q", done)
	}
}

func TestWhatAViewMaySay(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	ann := v.person("ann", "officer")
	for screen, list := range map[consolev1.Screen][]string{
		queue:     {"", "authority=frc&function=CHILD_PROTECTION&type=A&reason=NO_MATCH&from=2026-01-01&to=2026-02-01&officer=jo%40x", "unassigned=yes&held=yes&order=newest&age=5"},
		all:       {"status=RETURNED&officer=a+b"},
		workItems: {"office=QLD1&code=I070Q1&group=CARD&measure=VWPR&from=2026-01-01&to=2026-02-01&assignee=-&state=ALL"},
	} {
		for i, query := range list {
			v.put(ann, newView(screen, fmt.Sprint("fine ", i), query, i > 0))
		}
	}
	for query, words := range map[string]string{
		"crn=123456789A":                      "crn",
		"authority=frc&reference=":            "reference",
		"c%72n=1":                             "crn",
		"page=abc":                            "page",
		"before=25":                           "before",
		"status=RETURNED":                     "status",
		"office=QLD1":                         "office",
		"Reason=NO_MATCH":                     "Reason",
		"reason=A&reason=B":                   "twice",
		"reason=A&":                           `""`,
		"reason":                              "reason",
		"reason=%":                            "reason",
		"reason=%ff":                          "reason",
		"reason=%00":                          "reason",
		"officer=123456789A":                  "customer",
		"officer=123%20456-789a":              "customer",
		"officer=x." + "123456789a":           "customer",
		"officer=" + strings.Repeat("a", 101): "officer",
	} {
		_, err := ann.PutView(t.Context(), newView(queue, "wrong", query, false))
		refused(t, query, err, fault.Invalid, "FIELD_INVALID", "query", words)
	}
	for _, query := range []string{"reason=<script>", "reason=a b", "reason=\x00", strings.Repeat("a", 2001)} { // the contract's
		_, err := ann.PutView(t.Context(), newView(queue, "wrong", query, false))
		refused(t, query, err, fault.Invalid, "FIELD_INVALID", "query")
	}
	for _, name := range []string{"", "  ", strings.Repeat("ä", 61), "a\nb", "a\u202eb", "of 123 456 789 A", "123456789a"} {
		_, err := ann.PutView(t.Context(), newView(queue, name, "", false))
		refused(t, fmt.Sprintf("%q", name), err, fault.Invalid, "FIELD_INVALID", "name")
	}
	v.put(ann, newView(queue, strings.Repeat("ä", 60), "", false))
	_, err := ann.PutView(t.Context(), newView(0, "none", "", false))
	refused(t, "of no screen", err, fault.Invalid, "FIELD_INVALID", "screen")
	none := newView(queue, "none", "", false)
	none.ViewId = "00000000-0000-0000-0000-000000000000"
	_, err = ann.PutView(t.Context(), none)
	refused(t, "no id", err, fault.Invalid, "FIELD_INVALID", "view_id")
}

func TestAPersonHasAHundredViews(t *testing.T) {
	t.Parallel()
	v := newViews(t)
	ann := v.person("ann", "officer")
	if _, err := v.pool.Exec(t.Context(), `INSERT INTO saved_view (id, screen, name, query, shared, owner, version, changed_by, changed_at)
		SELECT gen_random_uuid(), 1 + n % 3, 'n' || n, '', n % 2 = 0, 'ann', 1, 'ann', now() FROM generate_series(1, 98) n`); err != nil {
		t.Fatal(err)
	}
	// Two at once do not both take the last place.
	v.put(ann, newView(queue, "99", "", false))
	answers := make(chan error, 4)
	for i := range cap(answers) {
		go func() {
			_, err := ann.PutView(context.WithoutCancel(t.Context()), newView(queue, fmt.Sprint("last ", i), "", false))
			answers <- err
		}()
	}
	kept := 0
	for range cap(answers) {
		if err := <-answers; err == nil {
			kept++
		} else {
			refused(t, "one too many", err, fault.Precondition, "TOO_MANY_VIEWS", "100")
		}
	}
	if kept != 1 {
		t.Errorf("%d were kept", kept)
	}
	v.put(v.person("ben", "officer"), newView(queue, "99", "", false))
}
