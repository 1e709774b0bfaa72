package scenario

import (
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Authority is a referring authority with its row of the table in section 1.
type Authority struct {
	ID string
	// Region whose public holidays count.
	Region  string
	Measure eventv1.Measure
	// Label of the disclosures it receives.
	Label string
	// Months and Percents a notice may have; Cape York must name the percent.
	Months, Percents []int32
	MustName         bool
	// Voluntary is true when it may refer voluntarily.
	Voluntary bool
	// Places of the measure's area, Elsewhere some outside of it.
	Places, Elsewhere []place
}

type place struct {
	locality string
	state    eventv1.Jurisdiction
	postcode string
}

var (
	aurukun      = place{"Aurukun", eventv1.Jurisdiction_JURISDICTION_QLD, "4892"}
	coen         = place{"Coen", eventv1.Jurisdiction_JURISDICTION_QLD, "4892"}
	hopeVale     = place{"Hope Vale", eventv1.Jurisdiction_JURISDICTION_QLD, "4895"}
	mossmanGorge = place{"Mossman Gorge", eventv1.Jurisdiction_JURISDICTION_QLD, "4873"}
	doomadgee    = place{"Doomadgee", eventv1.Jurisdiction_JURISDICTION_QLD, "4830"}
	cairns       = place{"Cairns", eventv1.Jurisdiction_JURISDICTION_QLD, "4870"}
	aliceSprings = place{"Alice Springs", eventv1.Jurisdiction_JURISDICTION_NT, "0870"}
	katherine    = place{"Katherine", eventv1.Jurisdiction_JURISDICTION_NT, "0850"}
	whyalla      = place{"Whyalla", eventv1.Jurisdiction_JURISDICTION_SA, "5600"}
	kununurra    = place{"Kununurra", eventv1.Jurisdiction_JURISDICTION_WA, "6743"}
	dubbo        = place{"Dubbo", eventv1.Jurisdiction_JURISDICTION_NSW, "2830"}
	shepparton   = place{"Shepparton", eventv1.Jurisdiction_JURISDICTION_VIC, "3630"}
	burnie       = place{"Burnie", eventv1.Jurisdiction_JURISDICTION_TAS, "7320"}
	tuggeranong  = place{"Tuggeranong", eventv1.Jurisdiction_JURISDICTION_ACT, "2900"}

	capeYork      = []place{aurukun, coen, hopeVale, mossmanGorge, doomadgee}
	northern      = []place{aliceSprings, katherine}
	declared      = []place{aliceSprings, katherine, cairns, whyalla, kununurra}
	notDeclared   = []place{dubbo, shepparton, burnie, tuggeranong}
	threeToTwelve = []int32{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	everyQuarter  = []int32{3, 6, 9, 12}
)

// The four authorities of every sandbox, by their ids.
const (
	frc    = "frc"
	ntCP   = "nt-cp"
	ntSpar = "nt-spar"
	qldCP  = "qld-cp"
)

var authorities = map[string]Authority{
	frc: {
		ID: frc, Region: "QLD", Measure: eventv1.Measure_MEASURE_CYEIM, Label: "Personal Information Disclosure",
		Months: threeToTwelve, Percents: []int32{60, 75, 90}, MustName: true, Places: capeYork, Elsewhere: []place{cairns, aliceSprings, dubbo},
	},
	ntCP: {
		ID: ntCP, Region: "NT", Measure: eventv1.Measure_MEASURE_CPEIM, Label: "Disclosure of Information",
		Months: everyQuarter, Percents: []int32{70}, Voluntary: true, Places: declared, Elsewhere: notDeclared,
	},
	ntSpar: {
		ID: ntSpar, Region: "NT", Measure: eventv1.Measure_MEASURE_SPAREIM, Label: "Disclosure of Information",
		Months: []int32{3, 6, 9, 12, 24}, Percents: []int32{70}, Voluntary: true, Places: northern, Elsewhere: []place{cairns, whyalla, kununurra, dubbo},
	},
	qldCP: {
		ID: qldCP, Region: "QLD", Measure: eventv1.Measure_MEASURE_CPEIM, Label: "Disclosure of Information",
		Months: everyQuarter, Percents: []int32{70}, Voluntary: true, Places: declared, Elsewhere: notDeclared,
	},
}

// Which authorities a case is played for.
var (
	everybody  = []string{frc, ntCP, ntSpar, qldCP}
	protection = []string{ntCP, qldCP}
	volunteers = []string{ntCP, ntSpar, qldCP}
	onlyFRC    = []string{frc}
	onlySPaR   = []string{ntSpar}
)

// AuthorityIDs are all authorities, in order.
func AuthorityIDs() []string { return []string{frc, ntCP, ntSpar, qldCP} }

func addressOf(t registryv1.AddressType, p place, street string) *registryv1.Address {
	return &registryv1.Address{Type: t, Street: street, Locality: p.locality, State: p.state, Postcode: p.postcode}
}
