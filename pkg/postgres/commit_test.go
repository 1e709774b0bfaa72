package postgres_test

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// cutter forwards connections and breaks one as soon as it carries COMMIT:
// before the server gets it, or after, before the answer gets back.
type cutter struct {
	listener net.Listener
	target   string
	after    bool
}

// cutAtCommit returns the URL of a cutter in front of the server of address.
func cutAtCommit(t *testing.T, address string, after bool) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	c := &cutter{after: after, target: filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))}
	if c.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.listener.Close() })
	go func() {
		for {
			client, err := c.listener.Accept()
			if err != nil {
				return
			}
			go c.forward(client)
		}
	}()
	u.Host = c.listener.Addr().String()
	u.RawQuery = "sslmode=disable"
	return u.String()
}

func (c *cutter) forward(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	cut := make(chan struct{})
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := client.Read(buf)
			commit := bytes.Contains(buf[:n], []byte("commit\x00"))
			if commit {
				close(cut)
			}
			if n > 0 && (!commit || c.after) {
				_, _ = server.Write(buf[:n])
			}
			if commit && !c.after {
				server.Close()
			}
			if err != nil || commit {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		select {
		case <-cut:
			return // the answer to COMMIT, or the end
		default:
		}
		if _, werr := client.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func TestInTxCommitUnknown(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"request lost": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := background(t)
			address := postgrestest.URL(t, shop())
			pool, err := postgres.Open(ctx, cutAtCommit(t, address, after), shop(), postgres.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			runs := 0
			err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
				runs++
				_, err := tx.Exec(ctx, "INSERT INTO numbered (note) VALUES ('x')")
				return err
			})
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.Reason != "COMMIT_UNKNOWN" {
				t.Errorf("got %v", err)
			}
			if runs != 1 {
				t.Errorf("%d runs of a transaction whose outcome is unknown", runs)
			}
			direct, err := postgres.Open(ctx, address, shop(), postgres.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer direct.Close()
			want := 0
			if after {
				want = 1
			}
			if got := query[int](t, direct, "SELECT count(*) FROM numbered"); got != want {
				t.Errorf("%d rows, want %d", got, want)
			}
		})
	}
}
