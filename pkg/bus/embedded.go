package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	startTimeout = 30 * time.Second
	// maxPayload bounds one message. Packed events stay far below.
	maxPayload = 8 << 20
	// storeLimit is only there to switch the server's own guess off (a share of
	// the free disk); each stream has its own limit.
	storeLimit = 1 << 40
	// authTimeout is how long a client may take to sign, on a busy machine.
	authTimeout = 10 * time.Second
	// watchEvery is how often an embedded server is asked whether its store works.
	watchEvery = 2 * time.Second
)

// EmbeddedOptions configure a server in this process.
type EmbeddedOptions struct {
	// Dir holds the store; made when missing, private to the user.
	Dir string
	// Key encrypts the store; empty leaves it in the clear.
	Key string
	// Listen is a loopback address such as "127.0.0.1:0" for other processes on
	// this machine; empty means in process only.
	Listen string
	// Token must be presented by clients; empty means none.
	Token string
	// Peers are the clients and what they may do; none leaves the server without
	// walls, open to whoever has the token.
	Peers []Peer
	// Log takes the server's warnings and errors.
	Log *slog.Logger
	// Metrics takes the count of refusals; may be nil.
	Metrics *prometheus.Registry
}

// Embedded is a NATS server in this process: JetStream with a file store, no
// signals handled, no other protocol offered. A server whose store switched
// itself off (disk full, files gone) is started again until it works.
type Embedded struct {
	options  EmbeddedOptions
	log      *slog.Logger
	refusals prometheus.Counter
	host     string
	stop     chan struct{}
	watched  sync.WaitGroup

	mu     sync.Mutex
	port   int
	server *server.Server
	closed bool
}

// StartEmbedded starts a server; Shutdown ends it.
func StartEmbedded(o EmbeddedOptions) (*Embedded, error) {
	e := &Embedded{options: o, log: o.Log, refusals: newRefusals(o.Metrics), stop: make(chan struct{})}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if o.Token != "" && len(o.Peers) > 0 {
		return nil, fault.New(fault.Invalid, "BUS_CONFIG", "the embedded bus knows its clients by a token or by their keys, not by both")
	}
	if o.Listen != "" {
		host, port, err := net.SplitHostPort(o.Listen)
		if err == nil {
			e.port, err = strconv.Atoi(port)
		}
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return nil, fault.New(fault.Invalid, "BUS_CONFIG", "the embedded bus listens on loopback only, such as 127.0.0.1:4222, not on %q", o.Listen)
		}
		if e.host = host; e.port == 0 {
			e.port = server.RANDOM_PORT
		}
	}
	if err := e.start(); err != nil {
		return nil, err
	}
	e.watched.Go(e.watch)
	return e, nil
}

func (e *Embedded) start() error {
	if err := os.MkdirAll(e.options.Dir, 0o700); err != nil {
		return fmt.Errorf("store of the embedded bus: %w", err)
	}
	var users []*server.NkeyUser
	for _, p := range e.options.Peers {
		users = append(users, &server.NkeyUser{Nkey: p.Key, Permissions: p.permissions()})
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "noticehub", DontListen: e.options.Listen == "", Host: e.host, Port: e.port,
		Authorization: e.options.Token, Nkeys: users, AuthTimeout: authTimeout.Seconds(),
		JetStream: true, StoreDir: e.options.Dir, JetStreamMaxStore: storeLimit,
		JetStreamKey: e.options.Key, JetStreamCipher: server.AES,
		MaxPayload: maxPayload, NoSigs: true,
	})
	if err != nil {
		return fmt.Errorf("embedded bus: %w", err)
	}
	s.SetLoggerV2(serverLog{e.log, e.refusals}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startTimeout) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return fault.New(fault.Unavailable, "BUS_UNAVAILABLE", "the embedded bus did not start in %v; is its store %s readable, with the same key, and used by nobody else?", startTimeout, e.options.Dir)
	}
	if e.options.Listen != "" {
		e.port = s.Addr().(*net.TCPAddr).Port // keep it over restarts
	}
	e.server = s
	return nil
}

// InProcessConn connects a client in this process; it follows restarts.
func (e *Embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	s := e.server
	e.mu.Unlock()
	if s == nil {
		return nil, errors.New("the embedded bus is down")
	}
	return s.InProcessConn()
}

// URL is where other processes on this machine reach the server, with the
// token; empty when it serves this process only.
func (e *Embedded) URL() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.options.Listen == "" {
		return ""
	}
	address := net.JoinHostPort(e.host, strconv.Itoa(e.port))
	if e.options.Token != "" {
		return "nats://" + e.options.Token + "@" + address
	}
	return "nats://" + address
}

// Restart stops the server, calls between (which may be nil) with the store at
// rest, and starts the server again at the same address.
func (e *Embedded) Restart(between func(dir string) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errors.New("the embedded bus was shut down")
	}
	e.halt()
	if between != nil {
		if err := between(e.options.Dir); err != nil {
			return errors.Join(err, e.start())
		}
	}
	return e.start()
}

// Shutdown ends the server and waits for it; more than once is harmless.
func (e *Embedded) Shutdown() {
	e.mu.Lock()
	if !e.closed {
		e.closed = true
		close(e.stop)
		e.halt()
	}
	e.mu.Unlock()
	e.watched.Wait()
}

func (e *Embedded) halt() {
	if e.server != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
		e.server = nil
	}
}

// watch starts the server again when its store has switched itself off, which it
// does on a full disk and never takes back by itself.
func (e *Embedded) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-ticker.C:
		}
		e.mu.Lock()
		if !e.closed && (e.server == nil || !e.server.JetStreamEnabled()) {
			e.halt()
			err := e.start()
			e.log.Error("the embedded bus had lost its store and was started again", "error", err)
		}
		e.mu.Unlock()
	}
}

// serverLog passes on what an operator should know. The server's notices are
// about itself and no use here.
type serverLog struct {
	log      *slog.Logger
	refusals prometheus.Counter
}

func (serverLog) Noticef(string, ...any) {}
func (serverLog) Debugf(string, ...any)  {}
func (serverLog) Tracef(string, ...any)  {}

func (l serverLog) Warnf(format string, a ...any) { l.log.Warn("bus: " + fmt.Sprintf(format, a...)) }

// Errorf also counts what clients were refused: an alarm.
func (l serverLog) Errorf(format string, a ...any) {
	said := fmt.Sprintf(format, a...)
	if strings.Contains(said, "Violation") || strings.Contains(said, "authentication error") {
		l.refusals.Inc()
	}
	l.log.Error("bus: " + said)
}

func (l serverLog) Fatalf(format string, a ...any) { l.log.Error("bus: " + fmt.Sprintf(format, a...)) }
