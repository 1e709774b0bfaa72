package autoprocessing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// running is the whole service on a bus; w.queue and the others are its own.
type running struct {
	*world
	bus *bus.Bus
}

// registrar catches the servers a service registers.
type registrar map[string]any

func (r registrar) RegisterService(d *grpc.ServiceDesc, impl any) { r[d.ServiceName] = impl }

func run(t *testing.T) *running {
	t.Helper()
	w := &running{world: newWorld(t), bus: bustest.New(t)}
	if err := w.bus.Declare(t.Context(), packet.Streams(subject.Lodged, subject.Decided)...); err != nil {
		t.Fatal(err)
	}
	cfg := autoprocessing.DefaultConfig()
	cfg.Workers, cfg.Attempts, cfg.DayRollEvery, cfg.QueueEvery = 2, 2, 50*time.Millisecond, 50*time.Millisecond
	s, err := autoprocessing.New(cfg, autoprocessing.Deps{
		Pool: w.pool, Door: w.door, Audit: auditor(t), Bus: w.bus, Clock: w.clock, Zone: sydney, Telemetry: telemetry.Discard(), Registry: w.registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	servers := registrar{}
	s.Register(servers)
	if len(servers) != 5 {
		t.Errorf("%d gRPC services, want 5", len(servers))
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	return w
}

// publish sends events as one message.
func (w *running) publish(all ...*eventv1.Event) {
	w.t.Helper()
	data, err := proto.Marshal(&eventv1.Packet{Events: all})
	if err != nil {
		w.t.Fatal(err)
	}
	acks, err := w.bus.Publish(context.Background(), []bus.Message{{ID: clock.NewID(time.Now()).String(), Subject: subject.Of(subject.Lodged, 0), Data: data}})
	if err != nil || acks[0].Err != nil {
		w.t.Fatal(err, acks)
	}
}

// until waits for a count to become what it should.
func (w *running) until(want int64, sql string, args ...any) {
	w.t.Helper()
	var got int64
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = one[int64](w.world, sql, args...); got == want {
			return
		}
	}
	w.t.Fatalf("%s: %d, want %d", sql, got, want)
}

func TestServiceDecidesWhatIsLodged(t *testing.T) {
	t.Parallel()
	w := run(t)
	var all []*eventv1.Event
	for n := range 50 {
		p := w.registry.knows(someone(n))
		all = append(all, w.lodgings.lodge(qldCP, disclose(p)), w.lodgings.lodge(qldCP, commence(p, "2026-03-04", 3)), w.lodgings.lodge(qldCP, refer(p)))
	}
	mixed := shuffled(all, 7)
	for len(mixed) > 0 {
		n := min(len(mixed), 20)
		w.publish(mixed[:n]...)
		mixed = mixed[n:]
	}
	w.until(int64(len(all)), "SELECT count(*) FROM submission")
	w.until(0, "SELECT count(*) FROM parked")
	w.clock.Set(day(2026, 3, 4))
	w.until(50, "SELECT count(*) FROM notice WHERE state = 2")
	w.sound()
}

func TestPoisonEndsWithAnOfficerAndCanBeDecidedAgain(t *testing.T) {
	t.Parallel()
	w := run(t)
	bad, good := w.registry.knows(someone(1)), w.registry.knows(someone(2))
	w.registry.knows(bad, func(c *registryv1.Customer) { c.DateOfBirth = "rubbish" }) // the registry's defect
	poison, behind := w.lodgings.lodge(qldCP, disclose(bad)), w.lodgings.lodge(qldCP, refer(bad))
	w.publish(poison, w.lodgings.lodge(qldCP, disclose(good)), behind)
	// Others go on at once.
	w.until(1, "SELECT count(*) FROM submission WHERE crn = $1 AND status = 4", good.crn)
	w.until(1, "SELECT count(*) FROM queue_entry WHERE submission_id = $1 AND reasons = '{22}' AND closed_at IS NULL", id(poison))
	// The next of the customer fails for itself.
	w.until(2, "SELECT count(*) FROM submission WHERE crn = $1", bad.crn)
	w.until(0, "SELECT count(*) FROM parked")
	d := w.detail(id(poison))
	if d.GetSummary().GetDescription() == "" || len(d.GetDecisions()) != 1 || d.GetDecisions()[0].GetPolicyVersion() != "" {
		t.Errorf("detail %v", d)
	}
	r, err := w.queue.Reprocess(alice(), &processingv1.ReprocessRequest{SubmissionId: id(poison)})
	if err != nil || r.GetError() == nil || r.GetSubmission().GetVersion() != 3 {
		t.Errorf("still bad: %v, %v", r, err)
	}
	w.registry.knows(bad)
	if r, err = w.queue.Reprocess(alice(), &processingv1.ReprocessRequest{SubmissionId: id(poison)}); err != nil || r.GetSubmission().GetOutcome() != eventv1.Outcome_OUTCOME_ELIGIBLE {
		t.Errorf("healed: %v, %v", r, err)
	}
	w.sound()
}

func TestARegistryOutOfReachIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := run(t)
	w.registry.breaks(func() error { return status.Error(codes.Unavailable, "down") })
	p := w.registry.knows(someone(1))
	w.publish(w.lodgings.lodge(qldCP, disclose(p)))
	for tries := 0; tries < 3; {
		time.Sleep(10 * time.Millisecond)
		w.registry.mu.Lock()
		tries = w.registry.calls
		w.registry.mu.Unlock()
	}
	if n := one[int64](w.world, "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM parked)"); n != 0 {
		t.Errorf("%d submissions were held responsible for the registry", n)
	}
	w.registry.breaks(nil)
	w.until(1, "SELECT count(*) FROM submission WHERE status = 4")
}

func TestEventsFromTheFutureAreKept(t *testing.T) {
	t.Parallel()
	w := run(t)
	p := w.registry.knows(someone(1))
	future, unknown, impossible := w.lodgings.lodge(qldCP, refer(p)), w.lodgings.withdraw(qldCP, "x"), w.lodgings.lodge(qldCP, commence(p, "2026-02-30", 3))
	future.SchemaVersion, unknown.Body = 99, nil
	future.GetSubmissionLodged().Lane, impossible.GetSubmissionLodged().Lane = 0, 1
	w.publish(future, unknown, impossible)
	w.until(2, "SELECT count(*) FROM parked WHERE state = 'quarantined'")
	w.until(1, "SELECT count(*) FROM queue_entry WHERE submission_id = $1 AND reasons = '{22}'", id(impossible))
	w.sound()
}

func TestSettingsThatCannotWorkAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	var cfg autoprocessing.Config
	env := func(string) (string, bool) { return "", false }
	if err := config.Load(config.Options{Env: env}, &cfg); err != nil || cfg != autoprocessing.DefaultConfig() {
		t.Errorf("defaults %+v, %v", cfg, err)
	}
	err := autoprocessing.Config{MaxEvents: 9999, OutboxDepth: 1, Attempts: -1}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"max_events", "attempts", "claim", "day_roll_every", "queue_every"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	if _, err := autoprocessing.New(autoprocessing.DefaultConfig(), autoprocessing.Deps{}); err == nil {
		t.Error("a service without dependencies was made")
	}
}
