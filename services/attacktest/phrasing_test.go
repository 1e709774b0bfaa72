//go:build attack

package attacktest

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// phrasings is case 59: reasons for the referral in the text of a notice.
func phrasings() []attack {
	return []attack{{number: 59, name: "reasons for the referral in 40 phrasings", lodges: true, record: "submission.decided", run: giveReasons}}
}

// reasonsGiven are forty ways to say why somebody is referred; none is from the
// screen's own tests.
var reasonsGiven = [...]string{
	"The kids are neglected and often without food.",
	"Reasons for referral: alcohol misuse in the household.",
	"Mother has been drinking every day since Christmas.",
	"There is domestic violence between the parents.",
	"Father assaulted the eldest son last month.",
	"School attendance of all three children is below 50 per cent.",
	"Truancy: the boys have not been to school this term.",
	"She gambles the family's money away.",
	"All of the payment goes to poker machines and gambling.",
	"He is using ice and cannabis.",
	"Drug use in front of the children was observed.",
	"Substance abuse, relapse in June.",
	"We have child protection concerns about the toddlers.",
	"Concerns for the safety of the baby.",
	"The children were found unsupervised at night.",
	"Family violence order was breached.",
	"A tenancy agreement was breached; eviction is coming because of rent arrears.",
	"Magistrates court conviction for assault in May.",
	"Customer was convicted of an offence last week.",
	"Children are at risk of harm from the mother's boyfriend.",
	"Sexual abuse is alleged.",
	"The mother suffers from financial abuse by her partner.",
	"Relatives humbug her for cash on payday.",
	"She was homeless and sleeping rough with two children.",
	"This notice is issued because he fails to care for his children.",
	"The reason we refer her is neglect.",
	"Grog and gambling.",
	"Alcohol-fuelled fights at the house every weekend",
	"CHILD NEGLECT SUBSTANTIATED",
	"Parents intoxicated when we visited.",
	"Physical violence witnessed by the kids.",
	"Emotional abuse and neglect of the daughter.",
	"Rent is not paid and the family is facing eviction.",
	"Father sniffs petrol.",
	"Both parents are addicted to methamphetamine.",
	"Self-harm incident at home",
	"The family has no food in the house because money is spent on alcohol.",
	"n e g l e c t of the youngest child",
	"Ne\u0301glect and violence",
	"Referral grounds - drug dealing from the home",
}

func giveReasons(a *attempt) {
	feeder, err := a.as(service("feeder"))
	if err != nil {
		a.Fatal(err)
	}
	stream, err := registryv1.NewRegistryServiceClient(feeder).ImportCustomers(a.ctx)
	if err != nil {
		a.Fatal(err)
	}
	var people []*registryv1.Customer
	for i := range reasonsGiven {
		c := synthetic.At(synthetic.Person(1, 910_000+i), "Cairns", eventv1.Jurisdiction_JURISDICTION_QLD)
		people = append(people, c)
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: c}); err != nil {
			a.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		a.Fatal(err)
	}
	intake := intakev1.NewIntakeServiceClient(must(a.as(owner)))
	returned := 0
	for i, text := range reasonsGiven {
		reply, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Wait: durationpb.New(8 * time.Second), Submission: &intakev1.Submission{
			Reference: fmt.Sprintf("reasons-%d", i),
			Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
				Customer: identityOf(people[i]), StartDate: today(), DurationMonths: 3, Text: text,
			}},
		}})
		if err != nil {
			a.Fatalf("%q: %v", text, err)
		}
		if d := reply.GetDecision(); d.GetStatus() == eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED || hasReason(d.GetReasons()) {
			returned++
		} else {
			a.Logf("not returned: %q: %v", text, d)
		}
	}
	if returned*100 < 95*len(reasonsGiven) {
		a.Errorf("%d of %d phrasings are returned, at least 95 in 100 are wanted", returned, len(reasonsGiven))
	}
	a.Logf("%d of %d returned", returned, len(reasonsGiven))
	a.copies()
}

func hasReason(list []eventv1.RejectionReason) bool {
	for _, r := range list {
		if r == eventv1.RejectionReason_REJECTION_REASON_REASONS_IN_TEXT {
			return true
		}
	}
	return false
}

// copies looks for the texts where they must not be: documents, reports, work
// items, the audit log, the log.
func (a *attempt) copies() {
	const witness = "substance abuse, relapse in june"
	rows, err := a.db.Query(context.Background(), `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('registry', 'adviceoutcome', 'workitems', 'audit', 'console')`)
	if err != nil {
		a.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			a.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, name := range tables {
		var held int
		// Bytes show as hexadecimal digits in a row's text.
		err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM "+name+" t WHERE lower(t::text) LIKE '%' || $1 || '%' OR t::text LIKE '%' || encode(convert_to($2, 'UTF8'), 'hex') || '%'", witness, "Substance abuse, relapse in June").Scan(&held)
		if err != nil || held > 0 {
			a.Errorf("%s holds the text %d times, %v", name, held, err)
		}
	}
	if containsFold(a.log.String(), witness) {
		a.Error("the log holds the text")
	}
}
