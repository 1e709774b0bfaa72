package clock

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSandboxKeepsItsOffset(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "clock.json")
	s, err := OpenSandbox(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := s.Changed()
	at, err := s.Advance(48 * time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told of the jump")
	}
	if d := time.Until(at); d < 47*time.Hour || d > 49*time.Hour {
		t.Errorf("advanced by %v", d)
	}
	again, err := OpenSandbox(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := again.Now().Sub(s.Now()); d < -time.Second || d > time.Second {
		t.Errorf("after reopening the clock is off by %v", d)
	}
	if _, err := s.Advance(-time.Hour); err == nil {
		t.Error("the clock went back")
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSandbox(path); err == nil {
		t.Error("an unreadable offset was ignored")
	}
}

func TestFakeStandsStill(t *testing.T) {
	t.Parallel()
	f := NewFake(time.Unix(1000, 0))
	changed := f.Changed()
	f.Advance(time.Minute)
	<-changed
	if got := f.Now(); !got.Equal(time.Unix(1060, 0)) {
		t.Errorf("now %v", got)
	}
	if System().Changed() != nil || time.Since(System().Now()) > time.Minute {
		t.Error("the system clock is wrong")
	}
}
