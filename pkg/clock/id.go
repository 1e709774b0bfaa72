package clock

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// ID is a UUID, version 7 (time-ordered) when made by NewID. It is a uuid to
// PostgreSQL. The zero value means "none".
type ID [16]byte

var last struct {
	sync.Mutex
	millis int64
	serial uint16
}

// NewID makes an id that sorts by the given time; ids made by one process in
// the same millisecond sort in the order they were made. The remaining 62 bits
// are random, so ids cannot be guessed. What puts them in order begins at random
// and grows by random steps: two ids of one holder do not tell how many others
// were made between them.
func NewID(at time.Time) ID {
	var id ID
	var hidden [3]byte // in no id: the first serial of a millisecond, and a step
	var random [len(id) - 8 + len(hidden)]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	copy(id[8:], random[:])
	copy(hidden[:], random[len(id)-8:])
	millis, step := at.UnixMilli(), 1+uint16(hidden[2]&0x0f)
	last.Lock()
	switch {
	case millis > last.millis:
		last.millis, last.serial = millis, uint16(hidden[0])<<2|uint16(hidden[1]&3)
	case last.serial+step <= 0x0fff:
		// The same millisecond, or a clock that went back: go on from there.
		millis = last.millis
		last.serial += step
	default:
		last.millis++
		millis, last.serial = last.millis, uint16(hidden[0])
	}
	serial := last.serial
	last.Unlock()
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], uint64(millis)<<16)
	copy(id[:6], head[:6])
	id[6] = 0x70 | byte(serial>>8)
	id[7] = byte(serial)
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// DerivedID makes the id that always belongs to a label under a parent, so that
// doing a thing again makes the same id (UUID version 8).
func DerivedID(parent ID, label string) ID {
	sum := sha256.Sum256(append(parent[:], label...))
	var id ID
	copy(id[:], sum[:])
	// Keep the parent's time so that derived ids sort near it in indexes.
	copy(id[:6], parent[:6])
	id[6] = 0x80 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// ParseID reads the usual text form of a UUID.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, fmt.Errorf("%.40q is not a UUID", s)
	}
	plain := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(plain)); err != nil {
		return ID{}, fmt.Errorf("%.40q is not a UUID", s)
	}
	return id, nil
}

// IDFromBytes takes the 16 bytes of an id as they travel in events.
func IDFromBytes(b []byte) (ID, error) {
	var id ID
	if len(b) != len(id) {
		return id, fmt.Errorf("an id has 16 bytes, not %d", len(b))
	}
	copy(id[:], b)
	return id, nil
}

// String is the usual text form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:], id[10:])
	return string(b[:])
}

// IsZero reports whether there is no id.
func (id ID) IsZero() bool { return id == ID{} }

// Time is the time an id was made for, to the millisecond.
func (id ID) Time() time.Time {
	var head [8]byte
	copy(head[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(head[:])))
}
