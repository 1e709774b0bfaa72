package policy_test

import (
	"strings"
	"testing"

	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
)

// Forty ways to give the reasons for a referral, as case workers might.
var reasonsGiven = []string{
	"The children have been neglected over the past months.",
	"Reason for referral: ongoing child neglect.",
	"REASONS FOR THE NOTICE - substance misuse by both parents",
	"Mum drinks heavily on paydays and there is no food in the house.",
	"Referred because of domestic violence in the home.",
	"Partner was violent towards her in front of the kids.",
	"Family   violence   incidents reported in May.",
	"Domestic-violence order in place since March",
	"She spends all her money on the pokies.",
	"Gambling has left the family unable to pay rent.",
	"He is gambling most nights at the club",
	"Kids are not attending school, attendance under 40%.",
	"Poor school attendance (less than 50 per cent this term)",
	"Truancy of the eldest two children",
	"There are serious safety concerns for the baby.",
	"We hold concerns about the children's wellbeing.",
	"Customer uses drugs, mainly ice.",
	"long term alcohol dependence",
	"Known to be under the influence of al\u00adcohol when caring for the children",
	"Methamphetamine use disclosed to the case worker",
	"The children were left alone overnight several times.",
	"Kids going hungry between paydays",
	"Failure to protect the child from physical harm",
	"She is being humbugged by relatives for money.",
	"Financial exploitation by adult son",
	"Rent arrears of 3,000 dollars and eviction notice",
	"Homelessness: family sleeping in the car",
	"We are referring due to concerns raised by the school.",
	"Child safety notification substantiated in June",
	"Charged with assault in April",
	"Magistrates Court notice about an offence",
	"The mother was intoxicated during the home visit",
	"grog every pay week",
	"Smoking gunja in the house with newborn",
	"Physical abuse of the younger boy",
	"At risk of self-harm",
	"Inadequate supervision of toddlers",
	"This notice is given because the customer does not look after the children",
	"d r i n k i n g   p r o b l e m",
	"Customer cannot manage money and bills are unpaid; spent all on cards.",
}

// Texts a notice may carry.
var harmless = []string{
	"",
	"Interpreter needed: Wik Mungkan.",
	"An interpreter is required for Kriol, please book the telephone interpreter service.",
	"Please call the customer on 0491 570 156 after 3 pm.",
	"Best contact is the customer's sister, number on file.",
	"Appointment on Tuesday 14 April at 10:30 in the Coen office.",
	"The customer prefers appointments in the morning.",
	"Customer has moved to Hope Vale, new address lodged last week.",
	"Please send letters to PO Box 12, Aurukun.",
	"Can be reached during school hours only.",
	"Customer works at the school canteen until 2 pm.",
	"Please ring out of school hours.",
	"Case worker on leave until Monday; contact the duty officer.",
	"Contact Child Protection team leader for any questions.",
	"Our reference QCP/2026/114, earlier notice QCP/2025/98.",
	"Continuation of the current notice, same share.",
	"This notice replaces the one lodged in error yesterday.",
	"Start date agreed with the customer.",
	"Customer is aware of this notice.",
	"The customer has been told and has no questions.",
	"Percentage as ordered by the Commission.",
	"Order made by the Family Responsibilities Commission on 2 March.",
	"Supporting People at Risk unit, Darwin office.",
	"Customer has limited English, please speak slowly.",
	"Customer is hard of hearing, use the National Relay Service.",
	"Needs wheelchair access at the service centre.",
	"Medical appointment in Cairns on 4 May, back on 6 May.",
	"Partner will attend the interview as well.",
	"Any concerns with this form, call our office.",
	"Bank account ending 123 was closed; new one is with BSB 064-000.",
	"Use of the SmartCard was explained; card not yet received.",
	"Lives near Casino, NSW border; mail goes to Doomadgee.",
	"First days of school holidays are not suitable for a visit.",
	"Email: worker@example.org, phone 1800 000 000.",
	"The drugstore is next to our office.",
	"Office used to be in Main Street.",
}

func TestReasonsAreFound(t *testing.T) {
	t.Parallel()
	p := load(t)
	if len(reasonsGiven) != 40 || len(harmless) < 30 {
		t.Fatalf("%d phrasings and %d harmless texts", len(reasonsGiven), len(harmless))
	}
	missed := 0
	for _, text := range reasonsGiven {
		for _, form := range []string{text, strings.ToUpper(text), strings.ReplaceAll(text, " ", "\n"), strings.ReplaceAll(text, " ", " - ")} {
			if !p.LooksLikeReasons(form) {
				missed++
				t.Logf("missed: %q", form)
			}
		}
	}
	if total := 4 * len(reasonsGiven); missed*20 > total {
		t.Errorf("%d of %d forms missed: more than 5 in 100", missed, total)
	}
	for _, text := range harmless {
		if p.LooksLikeReasons(text) {
			t.Errorf("false alarm: %q", text)
		}
	}
}

func TestPhraseBounds(t *testing.T) {
	t.Parallel()
	p := load(t)
	for text, want := range map[string]bool{
		"ice use": true, "office used": false, "ice  use.": true, "ICE-USE": true, "iceuse": true, "ice usage": false,
		"neglect": true, "Neglecting": true, "n\u00e9glect": true, "ｎｅｇｌｅｃｔ": true, "xneglect": false,
		"grog": true, "groggy": false, "the grog's gone": false, "drugs'": true,
		"truant": true, "(truancy)": true, "dvo": true, "advo": false,
	} {
		if got := p.LooksLikeReasons(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzScreening(f *testing.F) {
	p := load(f)
	for _, text := range append(reasonsGiven, harmless...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found := p.LooksLikeReasons(text); !found && p.LooksLikeReasons(text+". grog") == false {
			t.Errorf("a phrase at the end of %q was missed", text)
		}
	})
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"O'Brien-Smith", "OBRIEN SMITH", true},
		{"Ó Brien–Smith", "O'Brien Smith", true},
		{"Müller", "MULLER", true},
		{"Straße", "STRASSE", true},
		{"Ｎｇ", "ng", true},
		{"McDonald", "Mc Donald", true},
		{"José", "Jose\u0301", true},
		{"Smith", "Smyth", false},
		{"", "", false},
		{"-", "-", false},
		{"", "Smith", false},
		{"Nguyễn", "nguyen", true},
		{"Smith", "Smith", true},
	} {
		if got := policy.SameName(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func BenchmarkLooksLikeReasons(b *testing.B) {
	p := load(b)
	text := strings.Repeat("Please call the customer on Monday morning at ten. ", 40)[:2000]
	b.ReportAllocs()
	for b.Loop() {
		if p.LooksLikeReasons(text) {
			b.Fatal("false alarm")
		}
	}
}
