package postgres

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

// LocalOptions say where and how a local server runs.
type LocalOptions struct {
	// Dir holds everything of the server: data, log, password, lock. Made when
	// missing. When root starts the server, which then runs as another user, all
	// folders above it must be open to everybody. Required.
	Dir string
	// Log hears of starts, stops and repairs; may be nil.
	Log *slog.Logger
	// NoSync turns fsync, full_page_writes and synchronous_commit off. A crash
	// of the machine then destroys the database: for tests only.
	NoSync bool
	// Port on 127.0.0.1, with password (see TCPURL). 0 means no TCP at all: the
	// Unix socket is enough for processes on the same machine, and nothing can
	// collide.
	Port int
	// Settings of postgresql.conf that go before ours, by name.
	Settings map[string]string
	// BinDir holds initdb and postgres; "" means look for them.
	BinDir string
}

// Local is a PostgreSQL server that is a child of this process and ends with it,
// however that ends.
type Local struct {
	opts   LocalOptions
	log    *slog.Logger
	site   site
	bin    binaries
	socket string // directory of the Unix socket
	lock   *os.File

	mu      sync.Mutex
	server  *process
	stopped bool
}

const (
	// fastStop is how long a server may take to end its sessions and write a
	// checkpoint before it is stopped without.
	fastStop = 30 * time.Second
	// immediateStop is how long it may take then before it is killed.
	immediateStop = 10 * time.Second
)

// StartLocal starts a server in o.Dir, making the database cluster the first
// time, and returns when it accepts connections. ctx bounds the start only.
//
// Whatever an earlier launcher left behind is put right: a half-made cluster is
// made anew, an orphaned server is stopped, stale lock files go, and PostgreSQL
// recovers from its log. A directory in use by another living launcher is
// refused (Precondition), as are missing programs.
func StartLocal(ctx context.Context, o LocalOptions) (_ *Local, err error) {
	l := &Local{opts: o, log: logger(o.Log)}
	if l.site, err = openSite(o.Dir); err != nil {
		return nil, err
	}
	if l.lock, err = l.site.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if l.bin, err = findBinaries(ctx, o.BinDir, l.site.version()); err != nil {
		return nil, err
	}
	if l.socket, err = l.site.socketDir(); err != nil {
		return nil, err
	}
	if err = l.site.stopOrphans(ctx, l.log); err != nil {
		return nil, err
	}
	if err = l.site.initialise(ctx, l.bin, o.NoSync, l.log); err != nil {
		return nil, err
	}
	if err = l.start(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// URL is the superuser's, over the Unix socket, which only the account that
// started the server (and root) can reach.
func (l *Local) URL() string {
	q := url.Values{"host": {l.socket}, "port": {strconv.Itoa(l.port())}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Host: "", Path: "/postgres", RawQuery: q.Encode()}).String()
}

// TCPURL is the superuser's over loopback, with password; "" without a Port.
func (l *Local) TCPURL() string {
	if l.opts.Port == 0 {
		return ""
	}
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, l.site.password()),
		Host: "127.0.0.1:" + strconv.Itoa(l.opts.Port), Path: "/postgres", RawQuery: "sslmode=disable",
	}).String()
}

// PID of the server's first process.
func (l *Local) PID() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.server.pid
}

// port names the socket's file even when nothing listens on TCP.
func (l *Local) port() int {
	if l.opts.Port != 0 {
		return l.opts.Port
	}
	return 5432
}

// Stop ends the server: open transactions are rolled back and a checkpoint is
// written, so that the next start is quick. When ctx ends first, it stops
// without the checkpoint; the next start recovers. Stopping twice is harmless.
func (l *Local) Stop(ctx context.Context) error {
	server := l.retire()
	if server == nil {
		return nil
	}
	defer l.release()
	server.signal(syscall.SIGINT)
	select {
	case <-server.done:
		l.log.Info("database stopped")
		return nil
	case <-ctx.Done():
	case <-time.After(fastStop):
	}
	server.signal(syscall.SIGQUIT)
	select {
	case <-server.done:
	case <-time.After(immediateStop):
		server.signal(syscall.SIGKILL)
		<-server.done
	}
	l.log.Warn("database stopped without a checkpoint; it recovers at the next start")
	return nil
}

// Kill ends the server as kill -9 does. Its remaining processes notice within
// moments; the next StartLocal waits for that.
func (l *Local) Kill() {
	server := l.retire()
	if server == nil {
		return
	}
	server.signal(syscall.SIGKILL)
	<-server.done
	l.release()
}

// Keep starts the server again whenever it dies by itself, at the same address,
// until ctx ends or Stop or Kill is called. It does not stop the server.
func (l *Local) Keep(ctx context.Context) error {
	const first, most = 100 * time.Millisecond, 5 * time.Second
	pause := first
	for {
		l.mu.Lock()
		server, stopped := l.server, l.stopped
		l.mu.Unlock()
		if stopped {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-server.done:
		}
		l.mu.Lock()
		if stopped = l.stopped; !stopped {
			l.log.Error("database died; starting it again", "cause", server.err)
			err := l.site.stopOrphans(ctx, l.log)
			if err == nil {
				err = l.startLocked(ctx)
			}
			if err != nil && ctx.Err() == nil {
				l.log.Error("database does not start", "error", err)
			} else {
				pause = first
			}
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
			pause = min(2*pause, most)
		}
	}
}

// retire marks the server as ended on purpose and returns it the first time.
func (l *Local) retire() *process {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil
	}
	l.stopped = true
	return l.server
}

// release lets other launchers use the directory.
func (l *Local) release() {
	if l.socket != "" && filepath.Dir(l.socket) != l.site.dir {
		_ = os.RemoveAll(l.socket)
	}
	_ = l.lock.Close()
}

func invalidDir(format string, a ...any) *fault.Error {
	return fault.New(fault.Precondition, "DATABASE_DIR_UNUSABLE", format, a...)
}
