package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const (
	// feeders tell of changed circumstances at about 75 records a second each: the
	// main load must not starve. As many clerks see to the work items.
	feeders = 2
	// handful is the most records of one call, well below what is answered one by one.
	handful = 24
	// remembered are the last records told, to be told again.
	remembered = 300
)

// What the registry said of a record. Taken is all that is known of one that was
// sent again after a call without an answer: it was kept, applied or set aside.
const (
	fedApplied = "applied"
	fedTaken   = "taken"
	fedAside   = "aside"
)

// Reasons of the registry, as its answers name them.
const (
	referenceReused = "REFERENCE_REUSED"
	unknownCustomer = "CUSTOMER_UNKNOWN"
	outOfOrder      = "OUT_OF_ORDER"
)

// setAside are the reasons for which a record is kept back.
var setAside = map[string]bool{unknownCustomer: true, outOfOrder: true, "NOT_APPLICABLE": true, "CARD_ALLOCATIONS_HELD": true}

// fedRecord is a line of the feeds' journal.
type fedRecord struct {
	Feed      string `json:"feed"`
	Reference string `json:"reference"`
	CRN       string `json:"crn"`
	Fate      string `json:"fate"`
	Reason    string `json:"reason,omitempty"`
}

func (r fedRecord) key() string { return r.Feed + "/" + r.Reference }

// purpose is what a record is sent for.
type purpose int

const (
	ordinary purpose = iota
	ofNobody         // of a customer there is none of
	late             // happened before what was told already
	reused           // another record's reference
	repeated         // sent before
)

// fed is a record on its way.
type fed struct {
	*registryv1.FeedRecord
	purpose purpose
}

// feeder is one feed: it sends a handful at a time, again until it is answered,
// and has the answer in the journal before it sends the next.
type feeder struct {
	*clients
	name    string
	service registryv1.CircumstanceServiceClient
	r       *rand.Rand
	made    int
	last    time.Time
	told    []*registryv1.FeedRecord // the last ones that were kept
	applied map[string]bool          // CRNs of which something was applied for sure
}

func (c *clients) feed(ctx context.Context, n int) {
	conn, err := c.w.dial("registry", identity.Caller{Kind: identity.Service, ID: "feeder"})
	if err != nil {
		c.wrong("dial: %v", err)
		return
	}
	defer conn.Close()
	f := &feeder{
		clients: c, name: fmt.Sprintf("storm-%d", n), service: registryv1.NewCircumstanceServiceClient(conn),
		r: c.w.random(uint64(200 + n)), applied: map[string]bool{},
	}
	for round := 1; ctx.Err() == nil; round++ {
		all := make([]fed, 0, handful)
		for range 1 + f.r.IntN(handful) {
			all = append(all, f.next())
		}
		if !f.untilAnswered(ctx, all) {
			return
		}
		if round%40 == 0 {
			f.redrive(ctx)
		}
		sleep(ctx, time.Duration(120+f.r.IntN(60))*time.Millisecond)
	}
}

// next makes a record: mostly something new of somebody known.
func (f *feeder) next() fed {
	f.made++
	n := f.r.IntN(known)
	kind, changes := f.changes(n)
	at := f.w.now().Truncate(time.Microsecond)
	if !at.After(f.last) {
		at = f.last.Add(time.Microsecond)
	}
	f.last = at
	r := &registryv1.FeedRecord{
		Feed: f.name, Reference: fmt.Sprintf("%s-%d", kind, f.made), Crn: crn(n), OccurredAt: timestamppb.New(at), Changes: changes,
	}
	dice := f.r.IntN(100)
	switch {
	case dice < 2:
		r.Crn = fmt.Sprintf("6%08dA", f.r.IntN(1_000))
		return fed{r, ofNobody}
	case dice < 4 && f.applied[r.GetCrn()]:
		r.OccurredAt = timestamppb.New(at.Add(-1000 * day))
		return fed{r, late}
	case dice < 6 && len(f.told) > 0:
		other := proto.CloneOf(f.told[f.r.IntN(len(f.told))])
		other.Changes = append(other.Changes, &registryv1.Change{Change: &registryv1.Change_PaydayCode{PaydayCode: "OTHER"}})
		return fed{other, reused}
	case dice < 9 && len(f.told) > 0:
		return fed{f.told[f.r.IntN(len(f.told))], repeated}
	}
	return fed{r, ordinary}
}

// untilAnswered sends records until they are answered, and keeps the answer.
// False means that the run is over or the answer was wrong.
func (f *feeder) untilAnswered(ctx context.Context, all []fed) bool {
	for tries := 1; ctx.Err() == nil; tries++ {
		answer, err := f.send(ctx, all)
		switch code := status.Code(err); {
		case code == codes.OK:
			if err := f.fed.add(f.judge(all, answer, tries == 1)...); err != nil {
				f.wrong("the feeds' journal cannot be written: %v", err)
				return false
			}
			return true
		case !passing(code):
			f.wrong("a feed was answered %v", err)
			return false
		}
		sleep(ctx, time.Duration(50+f.r.IntN(200))*time.Millisecond)
	}
	return false
}

func (f *feeder) send(ctx context.Context, all []fed) (*registryv1.FeedChangesResponse, error) {
	call, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := f.service.FeedChanges(call)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if stream.Send(&registryv1.FeedChangesRequest{Record: r.FeedRecord}) != nil {
			break // the answer says why
		}
	}
	return stream.CloseAndRecv()
}

// judge holds an answer against what was sent and returns what the journal gets.
// Only of a first call every fate is known: later ones find records taken before.
func (f *feeder) judge(all []fed, answer *registryv1.FeedChangesResponse, first bool) []fedRecord {
	reasons := make([]string, len(all))
	for _, e := range answer.GetErrors() {
		if at := e.GetPosition() - 1; at >= 0 && int(at) < len(all) {
			reasons[at] = reasonOf(e)
		}
	}
	var lines []fedRecord
	var applied, again, aside, refused int64
	for i, r := range all {
		line := fedRecord{Feed: r.GetFeed(), Reference: r.GetReference(), CRN: r.GetCrn(), Fate: fedTaken, Reason: reasons[i]}
		switch {
		case reasons[i] == referenceReused:
			refused++
			if r.purpose != reused {
				f.wrong("record %s was taken for another one", line.key())
			}
			continue
		case reasons[i] == "":
			if r.purpose == reused || (first && (r.purpose == ofNobody || r.purpose == late)) {
				f.wrong("record %s was applied, which cannot be", line.key())
			}
			if r.purpose == repeated {
				again++
				continue
			}
			applied++
			if first {
				line.Fate, f.applied[r.GetCrn()] = fedApplied, true
			}
		case setAside[reasons[i]]:
			aside++
			line.Fate = fedAside
		default:
			f.wrong("a record of a feed was refused: %s", reasons[i])
			continue
		}
		lines = append(lines, line)
		f.remember(r.FeedRecord)
	}
	if !first {
		again, applied = again+applied, 0
	}
	told := [4]int64{answer.GetApplied(), answer.GetRepeatedRecords(), answer.GetQuarantined(), answer.GetRefused()}
	if counted := [4]int64{applied, again, aside, refused}; (first && told != counted) || told[0]+told[1]+told[2]+told[3] != int64(len(all)) {
		f.wrong("a feed's answer counts its records wrongly: %v, not %v", told, counted)
	}
	return lines
}

func (f *feeder) remember(r *registryv1.FeedRecord) {
	if len(f.told) < remembered {
		f.told = append(f.told, r)
	} else {
		f.told[f.r.IntN(remembered)] = r
	}
}

// reasonOf is the reason an error names.
func reasonOf(e *registryv1.ImportError) string {
	for _, d := range status.FromProto(e.GetError()).Details() {
		if info, ok := d.(interface{ GetReason() string }); ok {
			return info.GetReason()
		}
	}
	return e.GetError().GetMessage()
}

// redrive has what came out of order applied after all.
func (f *feeder) redrive(ctx context.Context) {
	call, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := f.service.RedriveQuarantined(call, &registryv1.RedriveQuarantinedRequest{
		Reason: registryv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_ORDER, AcceptOutOfOrder: true,
	})
	if code := status.Code(err); code != codes.OK && !passing(code) {
		f.wrong("redriving what was set aside was answered %v", err)
	}
}
