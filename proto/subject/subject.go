// Package subject names the streams, subjects and consumers of the bus. A relay
// keeps an outbox row until every consumer declared here has acknowledged it.
package subject

import "fmt"

// Stream names.
const (
	Lodged    = "LODGED"
	Decided   = "DECIDED"
	Advice    = "ADVICE"
	Authority = "AUTHORITY"
	Customer  = "CUSTOMER"
	// Notified holds what authorities are told beside decisions.
	Notified = "NOTIFIED"
	WorkItem = "WORKITEM"
)

// Consumer names (JetStream durable names): the service, and what for where it has several.
const (
	AutoProcessing    = "autoprocessing"
	AdviceTally       = "adviceoutcome-tally"
	IntakeStatus      = "intake-status"
	AdviceOutcome     = "adviceoutcome"
	RegistryOutcomes  = "registry-outcomes"
	IntakeAuthorities = "intake-authorities"
	AdviceAuthorities = "adviceoutcome-authorities"
	AdviceNotified    = "adviceoutcome-notified"
	// WorkItemNotices takes notice events, WorkItemCircumstances changed records.
	WorkItemNotices       = "workitems-notices"
	WorkItemCircumstances = "workitems-circumstances"
	RegistryWorkItems     = "registry-workitems"
)

// HeaderTally is the header of lodged messages that counts the events by
// authority ("frc=3,qld-cp=2"), so that a consumer that may not see personal
// data can count without the body.
const HeaderTally = "Noticehub-Lodged"

// Stream declares a stream and who must consume it.
type Stream struct {
	// Name is the JetStream name.
	Name string
	// Subjects are the subjects it stores.
	Subjects []string
	// Consumers must all acknowledge a message before its outbox row may go.
	Consumers []Consumer
}

// Consumer declares one durable consumer.
type Consumer struct {
	// Name is the durable name.
	Name string
	// HeadersOnly withholds the body, for consumers that may not see personal data.
	HeadersOnly bool
}

// Streams returns every stream of the hub.
func Streams() []Stream {
	return []Stream{
		{Lodged, []string{"noticehub.lodged.>"}, []Consumer{{Name: AutoProcessing}, {Name: AdviceTally, HeadersOnly: true}}},
		{Decided, []string{"noticehub.decided.>"}, []Consumer{{Name: IntakeStatus}, {Name: AdviceOutcome}, {Name: RegistryOutcomes}, {Name: WorkItemNotices}}},
		{Advice, []string{"noticehub.advice.>"}, nil},
		{Authority, []string{"noticehub.authority.>"}, []Consumer{{Name: IntakeAuthorities}, {Name: AdviceAuthorities}}},
		{Customer, []string{"noticehub.customer.>"}, []Consumer{{Name: WorkItemCircumstances}}},
		{Notified, []string{"noticehub.notified.>"}, []Consumer{{Name: AdviceNotified}}},
		{WorkItem, []string{"noticehub.workitem.>"}, []Consumer{{Name: RegistryWorkItems}}},
	}
}

// Of returns the subject for a partition of a stream: 0, 1, 2, …
func Of(stream string, partition int) string {
	for _, s := range Streams() {
		if s.Name == stream {
			root := s.Subjects[0]
			return fmt.Sprintf("%s%d", root[:len(root)-1], partition)
		}
	}
	panic("subject: no stream " + stream)
}
