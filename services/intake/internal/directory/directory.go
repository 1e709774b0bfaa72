// Package directory remembers the referring authorities, so that taking a
// submission needs no query. What it says may be a few seconds old: an authority
// that was disabled can lodge that much longer in processes that did not consume
// the news themselves.
package directory

import (
	"context"
	"sync/atomic"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Directory is a copy of the authorities in memory.
type Directory struct {
	store *store.Store
	known atomic.Pointer[map[string]lodging.Authority]
}

// New makes an empty directory; Refresh fills it.
func New(s *store.Store) *Directory { return &Directory{store: s} }

// Refresh reads the authorities again; when that fails the old ones stay.
func (d *Directory) Refresh(ctx context.Context) error {
	all, err := d.store.Authorities(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]lodging.Authority, len(all))
	for _, a := range all {
		known[a.ID] = a
	}
	d.known.Store(&known)
	return nil
}

// Ready reports why nobody can be looked up yet.
func (d *Directory) Ready() error {
	if d.known.Load() == nil {
		return fault.New(fault.Unavailable, "STARTING", "the authorities are not loaded yet")
	}
	return nil
}

// Lookup returns an authority, or Denied when the hub does not know it.
func (d *Directory) Lookup(id string) (lodging.Authority, error) {
	if err := d.Ready(); err != nil {
		return lodging.Authority{}, err
	}
	a, ok := (*d.known.Load())[id]
	if !ok {
		return a, lodging.Unknown()
	}
	return a, nil
}
