package hub

import (
	"encoding/hex"
	"fmt"

	"github.com/noticehub/noticehub/services/internal/launch"
)

// storeKey reads the key that encrypts the broker's store, or makes one. A store
// whose key is lost is only a courier's bag: it can be deleted.
func storeKey(path string) (string, error) {
	key, err := launch.SecretFile(path, true)
	if err != nil {
		return "", fmt.Errorf("key of the broker's store: %w", err)
	}
	return hex.EncodeToString(key), nil
}
