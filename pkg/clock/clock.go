// Package clock is the only place that asks what time it is, and makes ids that
// sort by time. Everything that depends on dates takes a Clock, so that a
// sandbox can be moved on and tests can stand still.
package clock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Clock tells business time.
type Clock interface {
	// Now is the business time.
	Now() time.Time
	// Changed is closed when the clock jumps; ask again for the next jump.
	Changed() <-chan struct{}
}

type system struct{}

// System is the machine's clock; it never jumps.
func System() Clock { return system{} }

func (system) Now() time.Time { return time.Now() }

func (system) Changed() <-chan struct{} { return nil }

// jumps tells waiters of a jump.
type jumps struct {
	mu sync.Mutex
	ch chan struct{}
}

func (j *jumps) changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ch == nil {
		j.ch = make(chan struct{})
	}
	return j.ch
}

func (j *jumps) tell() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ch != nil {
		close(j.ch)
		j.ch = nil
	}
}

// Sandbox runs ahead of the machine's clock by an offset kept in a file, so
// that a restart does not take the business back in time.
type Sandbox struct {
	jumps
	path   string
	offset time.Duration
	lock   sync.RWMutex
}

type sandboxFile struct {
	OffsetSeconds int64 `json:"offset_seconds"`
}

// OpenSandbox reads the offset kept at path, or starts with none. An unreadable
// file is an error: guessing would move business dates.
func OpenSandbox(path string) (*Sandbox, error) {
	s := &Sandbox{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var kept sandboxFile
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox clock %s cannot be read: %w", path, err)
	}
	s.offset = time.Duration(kept.OffsetSeconds) * time.Second
	return s, nil
}

// Now is the machine's time plus the offset.
func (s *Sandbox) Now() time.Time {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return time.Now().Add(s.offset)
}

// Changed is closed at the next Advance.
func (s *Sandbox) Changed() <-chan struct{} { return s.changed() }

// Advance moves the clock on by d, which must be positive, and returns the new time.
func (s *Sandbox) Advance(d time.Duration) (time.Time, error) {
	if d <= 0 {
		return time.Time{}, errors.New("the clock only moves forward")
	}
	s.lock.Lock()
	offset := (s.offset + d).Round(time.Second)
	data, _ := json.Marshal(sandboxFile{OffsetSeconds: int64(offset / time.Second)})
	temporary := s.path + ".new"
	err := os.MkdirAll(filepath.Dir(s.path), 0o700)
	if err == nil {
		err = os.WriteFile(temporary, data, 0o600)
	}
	if err == nil {
		err = os.Rename(temporary, s.path)
	}
	if err == nil {
		s.offset = offset
	}
	s.lock.Unlock()
	if err != nil {
		return time.Time{}, fmt.Errorf("keep the clock's offset: %w", err)
	}
	s.tell()
	return s.Now(), nil
}

// Fake stands still until it is set; for tests.
type Fake struct {
	jumps
	lock sync.RWMutex
	now  time.Time
}

// NewFake stands at the given time.
func NewFake(at time.Time) *Fake { return &Fake{now: at} }

// Now is the time last set.
func (f *Fake) Now() time.Time {
	f.lock.RLock()
	defer f.lock.RUnlock()
	return f.now
}

// Changed is closed at the next Set or Advance.
func (f *Fake) Changed() <-chan struct{} { return f.changed() }

// Set moves the clock, back too: services must stand that.
func (f *Fake) Set(at time.Time) {
	f.lock.Lock()
	f.now = at
	f.lock.Unlock()
	f.tell()
}

// Advance moves the clock on by d.
func (f *Fake) Advance(d time.Duration) { f.Set(f.Now().Add(d)) }
