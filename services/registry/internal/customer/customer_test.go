package customer

import (
	"errors"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	today := calendar.DateOf(2026, 11, 22)
	good := func() Record {
		return Record{
			CRN: "100000001A", PartnerCRN: "100000002B", Born: "1992-02-29", AddressTypes: []int32{1, 4},
			PaidFrom: []string{"", "2020-07-01"}, ChildrenBorn: []string{"2026-11-22"},
		}
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
		"two homes":             {func(r *Record) { r.AddressTypes = []int32{1, 4, 1} }, []string{"customer.addresses[2].type"}},
		"own partner":           {func(r *Record) { r.PartnerCRN = r.CRN }, []string{"customer.partner_crn"}},
		"no partner":            {func(r *Record) { r.PartnerCRN = "" }, nil},
		"paid from 31 November": {func(r *Record) { r.PaidFrom[1] = "2026-11-31" }, []string{"customer.payments[1].from_date"}},
		"all at once": {func(r *Record) {
			r.Born, r.PartnerCRN, r.ChildrenBorn = "x", r.CRN, []string{"2020-13-01"}
		}, []string{"customer.date_of_birth", "customer.children[0].date_of_birth", "customer.partner_crn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := good()
			c.change(&r)
			_, err := Check("customer", r, today)
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
