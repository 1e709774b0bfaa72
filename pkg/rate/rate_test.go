package rate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/rate"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestAllow(t *testing.T) {
	t.Parallel()
	k := rate.NewKeyed(10, 3, 8)
	for range 3 {
		if ok, wait := k.Allow("frc", 1, noon); !ok || wait != 0 {
			t.Fatalf("within the burst: %v %s", ok, wait)
		}
	}
	for range 5 { // refusals take nothing
		if ok, wait := k.Allow("frc", 1, noon); ok || wait != 100*time.Millisecond {
			t.Fatalf("beyond the burst: %v %s", ok, wait)
		}
	}
	if ok, _ := k.Allow("qld-cp", 1, noon); !ok {
		t.Error("one key uses up another's tokens")
	}
	if ok, _ := k.Allow("frc", 1, noon.Add(100*time.Millisecond)); !ok {
		t.Error("no token came")
	}
	if ok, wait := k.Allow("nt-cp", 4, noon); ok || wait != 400*time.Millisecond {
		t.Errorf("more than the burst: %v %s", ok, wait)
	}
	if ok, _ := k.Allow("nt-cp", 3, noon); !ok {
		t.Error("the refusal took tokens")
	}
}

func TestOffRefusesNothing(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0, -1} {
		k := rate.NewKeyed(perSecond, 1, 1)
		for range 100 {
			if ok, _ := k.Allow("x", 1000, noon); !ok {
				t.Fatal("refused")
			}
		}
		if k.Keys() != 0 {
			t.Error("keys are remembered")
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	k := rate.NewKeyed(1, 1, 100)
	for i := range 10_000 {
		k.Allow(fmt.Sprint(i), 1, noon)
		k.Allow("busy", 1, noon)
	}
	if n := k.Keys(); n != 100 {
		t.Errorf("%d keys are remembered", n)
	}
	if ok, _ := k.Allow("busy", 1, noon); ok {
		t.Error("the key in use was forgotten")
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := rate.NewKeyed(1, 1, 8)
		start := time.Now()
		for i := range 4 {
			if wait, err := k.Wait(t.Context(), "frc", 1, time.Now(), 2*time.Second); wait != 0 || err != nil || time.Since(start) != time.Duration(i)*time.Second {
				t.Fatalf("token %d: %s %v after %s", i, wait, err, time.Since(start))
			}
		}
		for range 2 { // both wait their turn
			go func() { _, _ = k.Wait(t.Context(), "frc", 1, time.Now(), 3*time.Second) }()
		}
		synctest.Wait()
		if wait, err := k.Wait(t.Context(), "frc", 1, time.Now(), 2*time.Second); wait != 3*time.Second || err != nil {
			t.Errorf("too long a wait: %s %v", wait, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := k.Wait(ctx, "frc", 1, time.Now(), time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait that was given up: %v", err)
		}
	})
}

func TestNeverMoreThanBurstAndRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		perSecond, burst := rapid.Float64Range(0.5, 1000).Draw(t, "rate"), rapid.IntRange(1, 50).Draw(t, "burst")
		k, now, taken := rate.NewKeyed(perSecond, burst, 4), noon, 0
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "step")))
			n := rapid.IntRange(1, 5).Draw(t, "n")
			if ok, wait := k.Allow("x", n, now); ok {
				taken += n
			} else if wait <= 0 {
				t.Fatal("refused without saying when")
			}
			if most := float64(burst) + now.Sub(noon).Seconds()*perSecond; float64(taken) > most+0.01 {
				t.Fatalf("%d taken of %.2f", taken, most)
			}
		}
	})
}

func BenchmarkAllow(b *testing.B) {
	k := rate.NewKeyed(1e9, 1000, 10_000)
	for b.Loop() {
		k.Allow("frc", 1, noon)
	}
}
