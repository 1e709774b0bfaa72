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
	// WorkItemNotices takes notice events and conflicts of interest,
	// WorkItemCircumstances changed records.
	WorkItemNotices       = "workitems-notices"
	WorkItemCircumstances = "workitems-circumstances"
	RegistryWorkItems     = "registry-workitems"
)

// Services are the clients of the bus, by their ids.
const (
	ServiceIntake         = "intake"
	ServiceAutoProcessing = "autoprocessing"
	ServiceAdviceOutcome  = "adviceoutcome"
	ServiceRegistry       = "registry"
	ServiceWorkItems      = "workitems"
	// Courier is the identity that declares streams; it neither publishes nor consumes.
	Courier = "courier"
)

// Services lists the services that use the bus.
func Services() []string {
	return []string{ServiceIntake, ServiceAutoProcessing, ServiceAdviceOutcome, ServiceRegistry, ServiceWorkItems}
}

// HeaderTally is the header of lodged messages that counts the events by
// authority ("frc=3,qld-cp=2"), so that a consumer that may not see personal
// data can count without the body.
const HeaderTally = "Noticehub-Lodged"

// Stream declares a stream, who publishes to it and who must consume it. The
// permissions of all clients follow from these declarations.
type Stream struct {
	// Name is the JetStream name.
	Name string
	// Subjects are the subjects it stores.
	Subjects []string
	// Publisher is the one service that publishes to it.
	Publisher string
	// Consumers must all acknowledge a message before its outbox row may go.
	Consumers []Consumer
}

// Consumer declares one durable consumer.
type Consumer struct {
	// Name is the durable name.
	Name string
	// Service that takes its messages.
	Service string
	// HeadersOnly withholds the body, for consumers that may not see personal data.
	HeadersOnly bool
}

// Streams returns every stream of the hub.
func Streams() []Stream {
	return []Stream{
		{
			Name: Lodged, Subjects: []string{"noticehub.lodged.>"}, Publisher: ServiceIntake,
			Consumers: []Consumer{{Name: AutoProcessing, Service: ServiceAutoProcessing}, {Name: AdviceTally, Service: ServiceAdviceOutcome, HeadersOnly: true}},
		},
		{
			Name: Decided, Subjects: []string{"noticehub.decided.>"}, Publisher: ServiceAutoProcessing,
			Consumers: []Consumer{
				{Name: IntakeStatus, Service: ServiceIntake},
				{Name: AdviceOutcome, Service: ServiceAdviceOutcome},
				{Name: RegistryOutcomes, Service: ServiceRegistry},
				{Name: WorkItemNotices, Service: ServiceWorkItems},
			},
		},
		{Name: Advice, Subjects: []string{"noticehub.advice.>"}, Publisher: ServiceAdviceOutcome},
		{
			Name: Authority, Subjects: []string{"noticehub.authority.>"}, Publisher: ServiceRegistry,
			Consumers: []Consumer{{Name: IntakeAuthorities, Service: ServiceIntake}, {Name: AdviceAuthorities, Service: ServiceAdviceOutcome}},
		},
		{
			Name: Customer, Subjects: []string{"noticehub.customer.>"}, Publisher: ServiceRegistry,
			Consumers: []Consumer{{Name: WorkItemCircumstances, Service: ServiceWorkItems}},
		},
		{
			Name: Notified, Subjects: []string{"noticehub.notified.>"}, Publisher: ServiceRegistry,
			Consumers: []Consumer{{Name: AdviceNotified, Service: ServiceAdviceOutcome}},
		},
		{
			Name: WorkItem, Subjects: []string{"noticehub.workitem.>"}, Publisher: ServiceWorkItems,
			Consumers: []Consumer{{Name: RegistryWorkItems, Service: ServiceRegistry}},
		},
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
