package intake_test

import (
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/services/intake"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	load := func(environment map[string]string) (intake.Config, error) {
		var cfg intake.Config
		err := config.Load(config.Options{Env: func(name string) (string, bool) { v, ok := environment[name]; return v, ok }}, &cfg)
		return cfg, err
	}
	got, err := load(map[string]string{"NOTICEHUB_RECEIPT_KEY_FILE": "receipt.pem"})
	want := intake.DefaultConfig()
	want.ReceiptKeyFile = "receipt.pem"
	if err != nil || got != want {
		t.Errorf("defaults %+v, %v\nwant %+v", got, err, want)
	}
	_, err = load(map[string]string{"NOTICEHUB_BATCH_MAX": "0", "NOTICEHUB_COMMITTERS": "99", "NOTICEHUB_POLL": "-1s", "NOTICEHUB_RECONCILE_AFTER": "0s"})
	for _, setting := range []string{"receipt_key_file", "batch_max", "committers", "poll", "reconcile_after"} {
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s is not complained of: %v", setting, err)
		}
	}
	if _, err := intake.New(want, intake.Deps{}); err == nil {
		t.Error("a service without dependencies was made")
	}
}
