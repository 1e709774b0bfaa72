package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// fetchEvery is the least time between fetches: tokens with made-up keys must
	// not turn the hub against its provider.
	fetchEvery = 5 * time.Second
	// refreshAfter is the age from which keys are fetched again, so that withdrawn
	// ones go.
	refreshAfter = 10 * time.Minute
	// trustFor is how long keys count that cannot be fetched again.
	trustFor = time.Hour
	// maxDocument bounds what is read from the issuer, in bytes.
	maxDocument = 1 << 20
	// minRSA is the least length of an RSA key, in bits.
	minRSA = 2048
)

// keySet are the issuer's keys.
type keySet struct {
	issuer     string
	algorithms []string
	client     *http.Client
	clock      clock.Clock

	fetching sync.Mutex
	tried    time.Time // guarded by fetching
	failed   error     // of the last try; guarded by fetching
	current  atomic.Pointer[issued]
}

// issued is what the issuer published.
type issued struct {
	at       time.Time
	keys     []jose.JSONWebKey
	userInfo string
}

// keysOfCall keeps the error of one verification, which go-oidc would flatten to text.
type keysOfCall struct {
	set *keySet
	err error
}

// VerifySignature implements oidc.KeySet.
func (k *keysOfCall) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.set.verify(ctx, token)
	k.err = err
	return payload, err
}

func (k *keySet) verify(ctx context.Context, token string) ([]byte, error) {
	algorithms := make([]jose.SignatureAlgorithm, len(k.algorithms))
	for i, a := range k.algorithms {
		algorithms[i] = jose.SignatureAlgorithm(a)
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Header
	keys, err := k.find(ctx, header.KeyID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, badToken("its signature is wrong")
}

// find gives the keys with the id, or all when a token names none.
func (k *keySet) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	now := k.clock.Now()
	got := k.current.Load()
	if found := got.with(id); len(found) > 0 && now.Sub(got.at) < refreshAfter {
		return found, nil
	}
	err := k.refresh(ctx, now, got)
	got = k.current.Load()
	if got == nil || now.Sub(got.at) > trustFor {
		return nil, noProvider(err)
	}
	found := got.with(id)
	if len(found) == 0 && err != nil {
		return nil, noProvider(err) // the key may be a new one
	}
	if len(found) == 0 {
		return nil, badToken("its key is not one of the issuer's")
	}
	return found, nil
}

func (i *issued) with(id string) []jose.JSONWebKey {
	switch {
	case i == nil:
		return nil
	case id == "":
		return i.keys
	}
	var found []jose.JSONWebKey
	for _, key := range i.keys {
		if key.KeyID == id {
			found = append(found, key)
		}
	}
	return found
}

// refresh fetches the keys, one call at a time and not too often; the error is
// that of the last fetch. Who has keys does not wait for a fetch under way.
func (k *keySet) refresh(ctx context.Context, now time.Time, have *issued) error {
	if have == nil {
		k.fetching.Lock()
	} else if !k.fetching.TryLock() {
		return nil
	}
	defer k.fetching.Unlock()
	if !k.tried.IsZero() && now.Sub(k.tried) < fetchEvery {
		return k.failed
	}
	k.tried = now
	// The result is everybody's, so the one whose call it is cannot cancel it.
	got, err := k.fetch(oidc.ClientContext(context.WithoutCancel(ctx), k.client))
	if k.failed = err; err == nil {
		got.at = now
		k.current.Store(got)
	}
	return err
}

func (k *keySet) fetch(ctx context.Context) (*issued, error) {
	provider, err := oidc.NewProvider(ctx, k.issuer)
	if err != nil {
		return nil, err
	}
	var places struct {
		Keys     string `json:"jwks_uri"`
		UserInfo string `json:"userinfo_endpoint"`
	}
	if err := provider.Claims(&places); err != nil {
		return nil, err
	}
	if err := egress.Sealed(places.Keys); err != nil {
		return nil, fmt.Errorf("jwks_uri %w", err)
	}
	if places.UserInfo != "" {
		if err := egress.Sealed(places.UserInfo); err != nil {
			return nil, fmt.Errorf("userinfo_endpoint %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, places.Keys, nil)
	if err != nil {
		return nil, err
	}
	reply, err := k.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys: %s", reply.Status)
	}
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(reply.Body, maxDocument)).Decode(&set); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	got := &issued{userInfo: places.UserInfo}
	for _, key := range set.Keys {
		if (key.Use == "" || key.Use == "sig") && publicKey(key.Key) {
			got.keys = append(got.keys, key)
		}
	}
	return got, nil
}

// publicKey reports whether a key can verify what we accept. A symmetric one
// could be a public key that somebody took for a secret.
func publicKey(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	default:
		return false
	}
}

// userInfo is the provider's userinfo endpoint.
func (k *keySet) userInfo(ctx context.Context) (string, error) {
	got := k.current.Load()
	if got == nil {
		err := k.refresh(ctx, k.clock.Now(), nil)
		if got = k.current.Load(); got == nil {
			return "", noProvider(err)
		}
	}
	if got.userInfo == "" {
		return "", noProvider(errors.New("it has no userinfo endpoint"))
	}
	return got.userInfo, nil
}

func noProvider(err error) error {
	return fault.New(fault.Unavailable, "ISSUER_UNAVAILABLE", "the issuer of tokens cannot be asked now").WithRetry(fetchEvery).Wrap(err)
}
