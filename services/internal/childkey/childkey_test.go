package childkey_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/services/internal/childkey"
)

func writer(t testing.TB, service string, key byte) *audit.Writer {
	t.Helper()
	w, err := audit.NewWriter(service, bytes.Repeat([]byte{key}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Every service makes the same key of the same child, and another one of
// anything else, which depends on the key they share.
func TestAKeyIsOneChilds(t *testing.T) {
	t.Parallel()
	here, there, elsewhere := writer(t, "registry", 7), writer(t, "workitems", 7), writer(t, "workitems", 8)
	// Values that run into each other would be the same when strung together.
	particular := rapid.SampledFrom([]string{"", "1", "11", "111", "Mia", "mia", "2022-03-10"})
	rapid.Check(t, func(t *rapid.T) {
		a := [3]string{particular.Draw(t, "crn"), particular.Draw(t, "name"), particular.Draw(t, "born")}
		b := [3]string{particular.Draw(t, "other crn"), particular.Draw(t, "other name"), particular.Draw(t, "other born")}
		key := childkey.Of(here, a[0], a[1], a[2])
		if other := childkey.Of(there, b[0], b[1], b[2]); (key == other) != (a == b) {
			t.Fatalf("%q has the key %s and %q has %s", a, key, b, other)
		}
		if childkey.Of(elsewhere, a[0], a[1], a[2]) == key {
			t.Fatal("the key does not depend on what the services share")
		}
	})
}

// The keys are the causes of work items for ever.
func TestKeysNeverChange(t *testing.T) {
	t.Parallel()
	if got := childkey.Of(writer(t, "workitems", 7), "204111222A", "Mia", "2022-03-10"); got != "child/rub57qe3zq4r6c3d3r56eyrm" {
		t.Errorf("the key is now %s", got)
	}
}
