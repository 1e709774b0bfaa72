package hub

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// storeKey reads the key that encrypts the broker's store, or makes one. A store
// whose key is lost is only a courier's bag: it can be deleted.
func storeKey(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		random := make([]byte, 32)
		if _, err := rand.Read(random); err != nil {
			return "", err
		}
		data = []byte(hex.EncodeToString(random))
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.WriteFile(path, data, 0o400)
		}
	}
	if err != nil {
		return "", fmt.Errorf("key of the broker's store: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
