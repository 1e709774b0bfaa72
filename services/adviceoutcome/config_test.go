package adviceoutcome

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
)

func TestConfigDefaultsAndMistakes(t *testing.T) {
	t.Parallel()
	var c Config
	env := func(values map[string]string) config.Options {
		return config.Options{Env: func(name string) (string, bool) { v, ok := values[name]; return v, ok }}
	}
	if err := config.Load(env(map[string]string{"NOTICEHUB_SIGNING_KEY_FILE": "key.pem"}), &c); err != nil || c.BatchEvents != 500 {
		t.Errorf("%+v, %v", c, err)
	}
	c = Config{}
	err := config.Load(env(map[string]string{"NOTICEHUB_SEAL_EVERY": "1ms", "NOTICEHUB_CHECK_EVERY": "-1s", "NOTICEHUB_BATCH_EVENTS": "501", "NOTICEHUB_OUTBOX_DEPTH": "1"}), &c)
	for _, name := range []string{"signing_key_file", "seal_every", "check_every", "batch_events", "outbox_depth"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among %v", name, err)
		}
	}
}

func TestDepsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := New(Config{}, Deps{})
	for _, name := range []string{"signing_key_file", "Pool", "Bus", "Clock", "Calendar", "Zone", "Telemetry"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among %v", name, err)
		}
	}
}

func TestSigningKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "report.pem")
	if _, err := openKey(path, false); err == nil {
		t.Error("a missing key was made unasked")
	}
	ids := make([]string, 8)
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			signer, err := openKey(path, true)
			if err != nil {
				t.Error(err)
			}
			ids[i] = signer.KeyID()
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("processes that start at once have keys %v", ids)
			break
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty": nil, "cut": whole[:40], "other type": bytes.ReplaceAll(whole, []byte("PRIVATE"), []byte("SECRET")),
	} {
		bad := filepath.Join(t.TempDir(), "bad.pem")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openKey(bad, true); err == nil {
			t.Errorf("a key file that is %s was accepted", name)
		}
	}
}
