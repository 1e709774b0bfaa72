package launch

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// secretBytes is the length of a secret: that of a SHA-256.
const secretBytes = 32

// maxSecret bounds what is read of a file with a secret, in bytes.
const maxSecret = 64 << 10

// SecretFile reads 32 bytes, kept as 64 hexadecimal digits in a file that only
// its owner can read. With create, a file that is missing is made.
func SecretFile(path string, create bool) ([]byte, error) {
	text, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		var fresh string
		if fresh, _, err = RandomKey(); err == nil {
			err = place(path, fresh)
		}
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		text, err = readSecret(path)
	}
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("secret: %s does not hold %d hexadecimal digits", path, 2*secretBytes)
	}
	return secret, nil
}

// readSecret reads the text of a file that nobody but its owner may use.
func readSecret(path string) (string, error) {
	if err := private(path); err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("secret: %s is empty", path)
	}
	return text, nil
}

// private reports why a file is not one that holds a secret.
func private(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Size() > maxSecret:
		return fmt.Errorf("%s has more than %d bytes", path, maxSecret)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others than its owner can use %s: chmod 0400 it", path)
	}
	return nil
}
