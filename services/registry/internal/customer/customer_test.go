package customer

import (
	"errors"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	today := calendar.DateOf(2026, 11, 22)
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	late := at.AddDate(0, 0, 3)
	good := func() Record {
		r := Record{CRN: "100000001A", PartnerCRN: "100000002B", NomineeCRN: "100000003C", Born: "1992-02-29"}
		r.Key("addresses[0].type", "address", "HOME")
		r.Key("expenses[0].expense_id", "expense", "HOME")
		r.Day("payments[0].from_date", "")
		r.Day("payments[1].from_date", "2020-07-01")
		r.MustPast("children[0].date_of_birth", "2026-11-22")
		r.Period("penalties[0].from_date", "2026-12-01", "penalties[0].to_date", "2026-12-01")
		r.Period("expenses[0].from_date", "2026-12-01", "expenses[0].ceased_on", "")
		r.Amount("account.balance_cents", -MaxCents)
		r.Moment("account.last_credit.at", &at)
		return r
	}
	for name, c := range map[string]struct {
		change func(*Record)
		paths  []string
	}{
		"good":                  {func(*Record) {}, nil},
		"died on day of birth":  {func(r *Record) { r.Died = r.Born }, nil},
		"impossible birth":      {func(r *Record) { r.Born = "1991-02-29" }, []string{"customer.date_of_birth"}},
		"year zero":             {func(r *Record) { r.Born = "0000-01-01" }, []string{"customer.date_of_birth"}},
		"born tomorrow":         {func(r *Record) { r.Born = "2026-11-23" }, []string{"customer.date_of_birth"}},
		"dead before born":      {func(r *Record) { r.Died = "1992-02-28" }, []string{"customer.date_of_death"}},
		"dies tomorrow":         {func(r *Record) { r.Died = "2026-11-23" }, []string{"customer.date_of_death"}},
		"two homes":             {func(r *Record) { r.Key("addresses[2].type", "address", "HOME") }, []string{"customer.addresses[2].type"}},
		"own partner":           {func(r *Record) { r.PartnerCRN = r.CRN }, []string{"customer.partner_crn"}},
		"no partner":            {func(r *Record) { r.PartnerCRN = "" }, nil},
		"own nominee":           {func(r *Record) { r.NomineeCRN = r.CRN }, []string{"customer.nominee.crn"}},
		"paid from 31 November": {func(r *Record) { r.Day("payments[1].from_date", "2026-11-31") }, []string{"customer.payments[1].from_date"}},
		"last day first":        {func(r *Record) { r.Period("a.from_date", "2026-12-02", "a.to_date", "2026-12-01") }, []string{"customer.a.to_date"}},
		"no first day":          {func(r *Record) { r.Period("a.from_date", "", "a.to_date", "2026-12-01") }, []string{"customer.a.from_date"}},
		"applied tomorrow":      {func(r *Record) { r.MustPast(".applied_on", "2026-11-23") }, []string{"customer.applied_on"}},
		"too much":              {func(r *Record) { r.Amount("x", MaxCents+1) }, []string{"customer.x"}},
		"no time":               {func(r *Record) { r.Moment("x", nil) }, []string{"customer.x"}},
		"in three days":         {func(r *Record) { r.Moment("x", &late) }, []string{"customer.x"}},
		"all at once": {func(r *Record) {
			r.Born, r.PartnerCRN = "x", r.CRN
			r.MustPast("children[0].date_of_birth", "2020-13-01")
		}, []string{"customer.partner_crn", "customer.children[0].date_of_birth", "customer.date_of_birth"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := good()
			c.change(&r)
			err := Check("customer", r, today)
			var f *fault.Error
			if !errors.As(err, &f) {
				if c.paths != nil {
					t.Fatalf("no fault, want %q", c.paths)
				}
				return
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Path)
			}
			if f.Kind != fault.Invalid || len(got) != len(c.paths) {
				t.Fatalf("%v fields %q, want %q", f.Kind, got, c.paths)
			}
			for i := range got {
				if got[i] != c.paths[i] {
					t.Errorf("fields %q, want %q", got, c.paths)
				}
			}
		})
	}
}
