//go:build attack

package attacktest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secrets is case 57: secrets where they can be read by others.
func secrets() []attack {
	return []attack{{number: 57, name: "secrets in environment, arguments, logs, answers, database and tree", noRecord: "reading a machine from inside is no call", run: scanSecrets}}
}

// secretFiles are the hub's secrets with what they hold; all must be for their
// owner only.
func (a *attempt) secretFiles() map[string][]byte {
	a.Helper()
	found := map[string][]byte{}
	for _, dir := range []string{"keys", "tls"} {
		err := filepath.WalkDir(filepath.Join(a.dir, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || dir == "tls" && !strings.HasSuffix(path, ".key") {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				a.Errorf("%s can be read by others: %s", path, info.Mode())
			}
			data, err := os.ReadFile(path)
			found[path] = data
			return err
		})
		if err != nil {
			a.Error(err)
		}
	}
	if len(found) < 5 {
		a.Errorf("only %d secrets: %v", len(found), found)
	}
	return found
}

// forms are the ways a secret could be written somewhere.
func forms(data []byte) (list [][]byte) {
	text := bytes.TrimSpace(data)
	add := func(b []byte) {
		if len(b) >= 20 {
			list = append(list, b)
		}
	}
	if bytes.HasPrefix(text, []byte("-----BEGIN")) {
		if bytes.Contains(text, []byte("PUBLIC KEY")) || bytes.Contains(text, []byte("CERTIFICATE")) {
			return nil
		}
		lines := bytes.Split(text, []byte("\n"))
		for _, line := range lines[1 : len(lines)-1] {
			add(line[min(len(line), 24):]) // the head of a key is the same in all
		}
		return list
	}
	add(text)
	if raw, err := hex.DecodeString(string(text)); err == nil {
		add(raw)
		add([]byte(base64.StdEncoding.EncodeToString(raw)))
		add([]byte(base64.RawURLEncoding.EncodeToString(raw)))
	}
	return list
}

func scanSecrets(a *attempt) {
	places := map[string][]byte{"the log": []byte(a.log.String())}
	family := []int{os.Getpid()}
	for _, e := range must(os.ReadDir("/proc")) {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
			after := stat[bytes.LastIndexByte(stat, ')')+1:]
			if fields := strings.Fields(string(after)); len(fields) > 1 && slices.Contains(family, atoi(fields[1])) {
				family = append(family, pid)
			}
		}
	}
	for _, pid := range family {
		for _, file := range []string{"cmdline", "environ"} {
			if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file)); err == nil {
				places[fmt.Sprintf("%s of process %d", file, pid)] = data
			}
		}
	}
	if len(family) < 2 {
		a.Error("the database server's processes are not among ours")
	}
	_ = filepath.WalkDir(a.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.HasSuffix(path, ".conf") || strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".log") || strings.HasSuffix(path, ".opts")) {
			if data, err := os.ReadFile(path); err == nil {
				places[path] = data
			}
		}
		return nil
	})
	for _, path := range []string{"/metrics", "/readyz", "/healthz", "/config", "/debug/vars", "/env", "/session", "/.well-known/oauth-protected-resource", "/dev/oidc/.well-known/openid-configuration", "/dev/oidc/keys", "/debug/pprof/cmdline"} {
		_, _, body := a.send(a.request(http.MethodGet, path, ""))
		places["the answer of "+path] = []byte(body)
	}
	var settings string
	if err := a.db.QueryRow(a.ctx, "SELECT string_agg(name || '=' || coalesce(setting, ''), E'\\n') FROM pg_settings").Scan(&settings); err != nil {
		a.Error(err)
	}
	places["the database's settings"] = []byte(settings)
	var activity string
	if err := a.db.QueryRow(a.ctx, "SELECT string_agg(coalesce(query, ''), E'\\n') FROM pg_stat_activity").Scan(&activity); err != nil {
		a.Error(err)
	}
	places["the database's sessions"] = []byte(activity)
	for path, secret := range a.secretFiles() {
		for _, form := range forms(secret) {
			for place, data := range places {
				if bytes.Contains(data, form) {
					a.Errorf("%s holds the secret of %s", place, filepath.Base(path))
				}
			}
		}
	}
	password := regexp.MustCompile(`(?i)(password|passwd|pgpassword|secret|seed)["']?\s*[=:]\s*["']?([A-Za-z0-9+/_-]{16,})|postgres(ql)?://[^:/\s]+:[^@\s]+@|\bSU[A-Z2-7]{56}\b`)
	for place, data := range places {
		if m := password.Find(data); m != nil && place != "the database's settings" {
			a.Errorf("%s holds what looks like a secret: %.40q", place, m)
		}
	}
	a.tree()
}

// tree scans what is under version control, now and in history.
func (a *attempt) tree() {
	pattern := `-----BEGIN ([A-Z]+ )?PRIVATE KEY|SU[A-Z2-7]{56}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}|xox[bap]-[0-9A-Za-z-]{20}`
	root := filepath.Join("..", "..")
	out, err := exec.CommandContext(a.ctx, "git", "-C", root, "grep", "-nIE", "--untracked", "-e", pattern, "--", ":!services/attacktest", ":!*_test.go").CombinedOutput()
	if len(out) > 0 {
		a.Errorf("the tree holds keys: %.500s %v", out, err)
	}
	out, err = exec.CommandContext(a.ctx, "git", "-C", root, "log", "--all", "--oneline", "-E", "-G", pattern, "--", ":!*_test.go").CombinedOutput()
	if err != nil || len(out) > 0 {
		a.Errorf("history holds keys: %.500s %v", out, err)
	}
	out, err = exec.CommandContext(a.ctx, "git", "-C", root, "ls-files", "--", "*.pem", "*.key", "*.p12", "*.pfx", "*.seed", ".env", "id_*").CombinedOutput()
	if err != nil || len(out) > 0 {
		a.Errorf("key files are under version control: %.500s %v", out, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
