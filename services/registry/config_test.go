package registry

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
)

// The tags' defaults are those of Defaults.
func TestDefaultsAreThoseDocumented(t *testing.T) {
	t.Parallel()
	var c Config
	if err := config.Load(config.Options{Env: func(string) (string, bool) { return "", false }}, &c); err != nil {
		t.Fatal(err)
	}
	if c != Defaults() {
		t.Errorf("tags say %+v, Defaults %+v", c, Defaults())
	}
}
