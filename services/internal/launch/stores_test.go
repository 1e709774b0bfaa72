package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// A service with the courier's key declares, one without finds what it needs, one
// that uses no stream has no connection.
func TestConnectBus(t *testing.T) {
	t.Parallel()
	w := bustest.Walled(t, packet.Peers()...)
	dir := t.TempDir()
	settings := func(service string) BusSettings {
		path := filepath.Join(dir, service)
		if err := os.WriteFile(path, []byte(w.Config(service).Seed+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
		return BusSettings{NATSURL: w.Server.URL(), NATSSeedFile: path}
	}
	registry, courier := settings(subject.ServiceRegistry), settings(subject.Courier)
	registry.NATSAdminSeedFile = courier.NATSSeedFile
	_, _, closeRegistry, err := registry.connectBus(t.Context(), subject.ServiceRegistry, false, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeRegistry)
	intake, _, closeIntake, err := settings(subject.ServiceIntake).connectBus(t.Context(), subject.ServiceIntake, false, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeIntake)
	if err := intake.Declare(t.Context(), packet.All()...); err != nil {
		t.Error(err)
	}
	var idle *bus.Bus
	if idle, _, _, err = settings(subject.ServiceIntake).connectBus(t.Context(), "console", false, telemetry.Discard()); err != nil || idle != nil {
		t.Errorf("a service without streams: %v, %v", idle, err)
	}
	if said := w.Said(); strings.Contains(said, "Violation") {
		t.Error(said)
	}
}

func TestConnectBusRefuses(t *testing.T) {
	t.Parallel()
	w := bustest.Walled(t, packet.Peers()...)
	open := filepath.Join(t.TempDir(), "open.seed")
	if err := os.WriteFile(open, []byte(w.Config(subject.ServiceIntake).Seed), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]BusSettings{
		"no key":              {NATSURL: w.Server.URL()},
		"a key all can read":  {NATSURL: w.Server.URL(), NATSSeedFile: open},
		"a key that is gone":  {NATSURL: w.Server.URL(), NATSSeedFile: open + "x"},
		"elsewhere, no proof": {NATSURL: "tls://bus.example:4222", NATSSeedFile: open},
	} {
		if _, _, _, err := s.connectBus(t.Context(), subject.ServiceIntake, false, telemetry.Discard()); err == nil {
			t.Errorf("%s: connected", name)
		}
	}
}
