package registry_test

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func authority(id string) *registryv1.Authority {
	return &registryv1.Authority{
		AuthorityId: id, Name: "Synthetic " + id, BusinessFunction: eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION,
		Jurisdiction: eventv1.Jurisdiction_JURISDICTION_QLD, Enabled: true,
	}
}

func TestPutAuthority(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, administrator)
	write := func(a *registryv1.Authority) *registryv1.Authority {
		t.Helper()
		got, err := client.PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{Authority: a})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetAuthority()
	}
	first := write(authority("qld-cp"))
	if first.GetReportsFrom() != "2026-11-23" || first.GetRecordVersion() != 1 {
		t.Errorf("created %v: reports must start on the local day", first)
	}
	w.clock.Advance(72 * time.Hour)
	if again := write(authority("qld-cp")); !proto.Equal(again, first) {
		t.Errorf("the same again gives %v", again)
	}
	off := authority("qld-cp")
	off.Enabled = false
	if got := write(off); got.GetEnabled() || got.GetReportsFrom() != "2026-11-23" || got.GetRecordVersion() != 2 {
		t.Errorf("disabled %v", got)
	}
	off.ReportsFrom = "2026-12-01"
	last := write(off)
	if last.GetReportsFrom() != "2026-12-01" || last.GetRecordVersion() != 3 {
		t.Errorf("moved %v", last)
	}
	write(authority("frc"))

	events := w.announced(t)
	if len(events) != 4 {
		t.Fatalf("%d events, want 4", len(events))
	}
	e := events[2].GetAuthorityChanged()
	if e.GetAuthorityId() != "qld-cp" || e.GetReportsFrom() != "2026-12-01" || e.GetEnabled() || e.GetRecordVersion() != 3 ||
		e.GetName() != last.GetName() || e.GetJurisdiction() != last.GetJurisdiction() || e.GetBusinessFunction() != last.GetBusinessFunction() {
		t.Errorf("announced %v", e)
	}

	got, err := w.as(t, officer).GetAuthority(t.Context(), &registryv1.GetAuthorityRequest{AuthorityId: "qld-cp"})
	if err != nil || !proto.Equal(got.GetAuthority(), last) {
		t.Errorf("read %v, %v", got, err)
	}
	_, err = client.GetAuthority(t.Context(), &registryv1.GetAuthorityRequest{AuthorityId: "nobody"})
	wantCode(t, err, codes.NotFound)
	list, err := client.ListAuthorities(t.Context(), &registryv1.ListAuthoritiesRequest{})
	if err != nil || len(list.GetAuthorities()) != 2 || list.GetAuthorities()[0].GetAuthorityId() != "frc" {
		t.Errorf("list %v, %v", list, err)
	}
}

func TestPutAuthorityRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, administrator)
	for name, change := range map[string]func(*registryv1.Authority){
		"id":              func(a *registryv1.Authority) { a.AuthorityId = "FRC" },
		"name":            func(a *registryv1.Authority) { a.Name = "" },
		"function":        func(a *registryv1.Authority) { a.BusinessFunction = 0 },
		"jurisdiction":    func(a *registryv1.Authority) { a.Jurisdiction = 77 },
		"impossible date": func(a *registryv1.Authority) { a.ReportsFrom = "2026-11-31" },
		"year zero":       func(a *registryv1.Authority) { a.ReportsFrom = "0000-01-01" },
	} {
		a := authority("frc")
		change(a)
		_, err := client.PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{Authority: a})
		if len(fields(err)) == 0 {
			t.Errorf("%s: %v names no field", name, err)
		}
		wantCode(t, err, codes.InvalidArgument)
	}
	_, err := client.PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{})
	wantCode(t, err, codes.InvalidArgument)
}

func TestImportAuthorities(t *testing.T) {
	t.Parallel()
	w := setup(t)
	bad := authority("nt-cp")
	bad.ReportsFrom = "2026-02-30"
	renamed := authority("frc")
	renamed.Name = "Another name"
	feed := []*registryv1.Authority{authority("frc"), bad, authority("qld-cp"), nil, authority("qld-cp"), renamed}
	send := func() *registryv1.ImportAuthoritiesResponse {
		t.Helper()
		stream, err := w.as(t, feedService).ImportAuthorities(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range feed {
			if err := stream.Send(&registryv1.ImportAuthoritiesRequest{Authority: a}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := stream.CloseAndRecv()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := send()
	if got.GetWritten() != 3 || got.GetUnchanged() != 1 || got.GetRefused() != 2 ||
		got.GetErrors()[0].GetPosition() != 2 || got.GetErrors()[1].GetPosition() != 4 {
		t.Errorf("first: %v", got)
	}
	if events := w.announced(t); len(events) != 3 {
		t.Errorf("%d events, want 3", len(events))
	}
	feed = []*registryv1.Authority{renamed, authority("qld-cp")}
	if got := send(); got.GetWritten() != 0 || got.GetUnchanged() != 2 {
		t.Errorf("again: %v", got)
	}
	if events := w.announced(t); len(events) != 0 {
		t.Errorf("%d events of an identical feed", len(events))
	}
}

func TestPutAuthorityAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, administrator)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := client.PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{Authority: authority("frc")}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if events := w.announced(t); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}
