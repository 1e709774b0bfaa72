package rpc

import (
	"errors"
	"net"
	"sync"
)

// doorway bounds the connections of a listener: in all, and those of one
// authority, which is known after the handshake.
type doorway struct {
	net.Listener
	most, each int
	turnedAway func() // called for a connection too many

	mu    sync.Mutex
	open  int
	holds map[string]int // by authority
}

func newDoorway(l net.Listener, limits Limits, turnedAway func()) *doorway {
	return &doorway{Listener: l, most: limits.Connections, each: limits.ConnectionsPerAuthority, turnedAway: turnedAway, holds: make(map[string]int)}
}

// Accept closes connections too many at once: who may connect notices, instead
// of waiting for a turn behind those who do not leave.
func (d *doorway) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		full := d.open >= d.most
		if !full {
			d.open++
		}
		d.mu.Unlock()
		if !full {
			return &visitor{Conn: c, door: d}, nil
		}
		_ = c.Close() // it was never used
		d.turnedAway()
	}
}

// visitor is a connection that is counted until it is closed.
type visitor struct {
	net.Conn
	door *doorway
	once sync.Once
	of   string // the authority it counts for; guarded by door.mu
}

var errTooMany = errors.New("too many connections of this authority")

// claim counts the connection for an authority.
func (v *visitor) claim(authority string) error {
	d := v.door
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case v.of == authority:
		return nil
	case d.holds[authority] >= d.each:
		return errTooMany
	}
	v.of = authority
	d.holds[authority]++
	return nil
}

func (v *visitor) Close() error {
	v.once.Do(func() {
		d := v.door
		d.mu.Lock()
		defer d.mu.Unlock()
		d.open--
		if v.of == "" {
			return
		}
		if d.holds[v.of]--; d.holds[v.of] == 0 {
			delete(d.holds, v.of)
		}
	})
	return v.Conn.Close()
}
