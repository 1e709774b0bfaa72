package commit_test

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// cut says what happens to the next COMMIT.
type cut int32

const (
	whole     cut = iota
	replyLost     // the server commits, the connection breaks before its answer
	sendLost      // the connection breaks before the server saw it, unnoticed
)

// cutter is a network that breaks at a COMMIT.
type cutter struct{ next atomic.Int32 }

type cutConn struct {
	net.Conn
	*cutter
}

func (c cutConn) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("commit")) {
		return c.Conn.Write(p)
	}
	switch cut(c.next.Swap(int32(whole))) {
	case replyLost:
		if _, err := c.Conn.Write(p); err != nil {
			return 0, err
		}
		_, _ = c.Read(make([]byte, 1)) // it is committed when the answer begins
		return len(p), c.Close()
	case sendLost:
		return len(p), c.Close()
	default:
		return c.Conn.Write(p)
	}
}

func cutPool(t *testing.T, address string) (*pgxpool.Pool, *cutter) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	network := new(cutter)
	dial := cfg.ConnConfig.DialFunc
	cfg.ConnConfig.DialFunc = func(ctx context.Context, kind, at string) (net.Conn, error) {
		conn, err := dial(ctx, kind, at)
		return cutConn{conn, network}, err
	}
	cfg.ConnConfig.RuntimeParams["role"] = store.Schema().Role
	cfg.ConnConfig.RuntimeParams["search_path"] = store.Schema().Name
	cfg.ConnConfig.RuntimeParams["noticehub.scope"] = postgres.Everything
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, network
}

func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	pool, network := cutPool(t, postgrestest.URL(t, store.Schema()))
	c, handed := start(t, pool, options())
	if r := lodge(t, c, submission("before", "123456789A", "x")); r.Err != nil {
		t.Fatal(r.Err)
	}

	network.next.Store(int32(replyLost))
	committed := lodge(t, c, submission("committed", "123456789A", "x"))
	if committed.Err != nil || committed.Repeated {
		t.Errorf("committed, answer lost: %+v", committed)
	}
	if n := handed.count(); n != 2 {
		t.Errorf("%d messages were handed to the relay, want 2", n)
	}

	network.next.Store(int32(sendLost))
	lost := lodge(t, c, submission("lost", "123456789A", "x"))
	if !fault.Is(lost.Err, fault.Unavailable) {
		t.Errorf("never committed: %+v", lost)
	}
	if again := lodge(t, c, submission("lost", "123456789A", "x")); again.Err != nil || again.Repeated {
		t.Errorf("lodged again: %+v", again)
	}

	network.next.Store(int32(replyLost))
	if r := lodge(t, c, submission("committed", "123456789A", "x")); r.Err != nil || !r.Repeated || r.Submission.SubmissionID != committed.Submission.SubmissionID {
		t.Errorf("repeated while the network breaks: %+v", r)
	}
	network.next.Store(int32(whole))
	if n := scalar[int](t, pool, "SELECT count(*) FROM submission"); n != 3 {
		t.Errorf("%d submissions, want 3", n)
	}
	checkLanes(t, pool)
}
