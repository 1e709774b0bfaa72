package securedtest

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Attack 57: nothing secret is in what a service says, in its arguments or in its
// environment.
func (w *world) secretsStaySecret(t *testing.T) {
	secrets := w.secrets(t)
	if len(secrets) < 20 {
		t.Fatalf("only %d secrets are looked for", len(secrets))
	}
	for _, s := range services {
		p := w.running[s]
		places := map[string]string{"what it says": p.said.String()}
		for _, name := range []string{"cmdline", "environ"} {
			data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
			if err != nil {
				t.Fatal(err)
			}
			places[name] = string(data)
		}
		if !strings.Contains(places["what it says"], "serving") || !strings.Contains(places["environ"], "NOTICEHUB_TLS_KEY_FILE") {
			t.Fatalf("%s: nothing was looked at: %v", s, places)
		}
		for place, text := range places {
			for file, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %s has the secret of %s", place, s, file)
				}
			}
		}
	}
}

// secrets are those of the files of this world, by file; of long ones a piece that
// tells them.
func (w *world) secrets(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "/nats/") {
			return err
		}
		switch filepath.Ext(path) {
		case ".key", ".password", ".seed", ".pem":
		default:
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(data)
		switch text := string(bytes.TrimSpace(data)); {
		case block == nil:
			found[path] = text
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			lines := strings.Split(text, "\n")
			found[path], found[path+" as hexadecimal"] = lines[1], hex.EncodeToString(block.Bytes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
