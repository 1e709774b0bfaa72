package launch

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/config"
)

// A NewKey makes a key as the text of its file, and what others may know of it.
type NewKey func() (secret, public string, err error)

// RandomKey makes 32 random bytes as hexadecimal digits.
func RandomKey() (secret, public string, err error) {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random), "", nil
}

// SigningKey makes an ed25519 key as PEM (PKCS 8).
func SigningKey() (secret, public string, err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})), "", err
}

// commonKeys are those of every service, by setting.
func commonKeys() map[string]NewKey {
	return map[string]NewKey{
		"audit_key_file":         RandomKey,
		"database_password_file": func() (string, string, error) { return rand.Text(), "", nil },
		"nats_seed_file":         bus.NewSeed,
		"nats_admin_seed_file":   bus.NewSeed,
	}
}

// makeKeys makes the key files that the settings name and that are missing, and
// says what others may know of them. Certificates and their keys are the CA's.
func (p Program) makeKeys(s Settings, out io.Writer) error {
	known := commonKeys()
	for _, setting := range config.List("", &s, p.Settings) {
		fresh := p.Keys[setting.Name]
		if fresh == nil {
			fresh = known[setting.Name]
		}
		path, _ := setting.Value.(string)
		if fresh == nil || path == "" {
			continue
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			continue // what it is, "check" says
		}
		secret, public, err := fresh()
		if err == nil {
			err = place(path, secret+"\n")
		}
		if err != nil {
			return named(setting.Name, err)
		}
		fmt.Fprintf(out, "%s: made %s", setting.Name, path)
		if public != "" {
			fmt.Fprintf(out, ", its public half is %s", public)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// place writes a secret into a new file. Processes that start together agree: the
// first link wins, and nobody reads half a secret.
func place(path, secret string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.WriteString(secret)
	if err = errors.Join(err, fresh.Chmod(0o400), fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
