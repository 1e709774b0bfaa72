package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// hub is the whole product as one process of its own, behind gRPC.
type hub struct {
	process *exec.Cmd
	binary  string
	url     string // of its database
	dir     string
	grpc    string
	http    string
	pool    *pgxpool.Pool
	drop    func()
	// secured is a hub that asks for certificates and counts calls; else it takes
	// development tokens, as its peers ask for nothing.
	secured bool
}

// startHub starts a hub with the customers that pipelines lodge for.
func startHub(ctx context.Context, s *server, binary string, secured bool) (*hub, error) {
	h, err := openHub(ctx, s, binary, secured)
	if err != nil {
		return nil, err
	}
	if err := h.seed(ctx); err != nil {
		h.stop()
		return nil, err
	}
	return h, nil
}

// openHub starts a hub without any customer.
func openHub(ctx context.Context, s *server, binary string, secured bool) (*hub, error) {
	url, drop, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, "hub-")
	if err != nil {
		return nil, err
	}
	h := &hub{binary: binary, url: url, dir: dir, drop: drop, secured: secured}
	if h.pool, err = pool(ctx, url, 4); err != nil {
		return nil, err
	}
	if err := h.launch(ctx); err != nil {
		h.stop()
		return nil, err
	}
	return h, nil
}

// launch starts the process, at first or again after halt.
func (h *hub) launch(ctx context.Context) error {
	_ = os.Remove(filepath.Join(h.dir, "address.json")) // of the process before
	h.process = exec.Command(h.binary, "up", "--dir", h.dir, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--customers", "0")
	h.process.Env = append(os.Environ(), "DATABASE_URL="+h.url)
	if h.secured {
		h.process.Env = append(h.process.Env, highLimits...)
	} else {
		h.process.Args = append(h.process.Args, "--insecure", "--unlimited")
	}
	h.process.Stdout, h.process.Stderr = nil, os.Stderr
	if err := h.process.Start(); err != nil {
		return err
	}
	return h.findAddress(ctx)
}

func (h *hub) findAddress(ctx context.Context) error {
	for range 600 {
		var found struct{ GRPC, HTTP string }
		data, err := os.ReadFile(filepath.Join(h.dir, "address.json"))
		if err == nil && json.Unmarshal(data, &found) == nil {
			h.grpc, h.http = found.GRPC, found.HTTP
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("the hub did not start within 30 s")
}

// highLimits make a hub count what it never refuses.
var highLimits = []string{
	"NOTICEHUB_CALLS_PER_SECOND=1000000", "NOTICEHUB_CALLS_BURST=1000000", "NOTICEHUB_CALLS_IN_FLIGHT=100000",
	"NOTICEHUB_MESSAGES_PER_SECOND=1000000", "NOTICEHUB_MESSAGES_BURST=1000000",
	"NOTICEHUB_CUSTOMER_RATE=1000000", "NOTICEHUB_CUSTOMER_BURST=1000000", "NOTICEHUB_SEARCH_QUOTA=1000000000",
}

// dial connects as a caller: to a secured hub by a certificate of its development
// authority, as a person over its HTTP listener.
func (h *hub) dial(c identity.Caller) (*grpc.ClientConn, error) {
	o := rpc.DialOptions{Telemetry: telemetry.Discard()}
	if h.secured && c.Kind != identity.Person {
		ca, err := tlsfiles.DevelopmentCA(filepath.Join(h.dir, "tls"), nil)
		if err != nil {
			return nil, err
		}
		store, err := ca.Calling(c)
		if err != nil {
			return nil, err
		}
		o.TLS = store.Client
		return rpc.DialWith(h.grpc, o)
	}
	token := identity.DevelopmentToken(c)
	o.Token = func() string { return token }
	if h.secured {
		return rpc.DialWith(h.http, o)
	}
	return rpc.DialWith(h.grpc, o)
}

// halt ends the process; the data stays.
func (h *hub) halt() {
	if h.process.Process != nil {
		_ = h.process.Process.Signal(syscall.SIGTERM)
		_ = h.process.Wait()
	}
}

func (h *hub) stop() {
	h.halt()
	h.pool.Close()
	h.drop()
}

// pipeline is one way of lodging with the hub: over bidirectional streams with
// a number of submissions outstanding, or by unary calls.
type pipeline struct {
	*hub
	prefix  string
	streams []*lodger
	unary   []intakev1.IntakeServiceClient
	conns   []*grpc.ClientConn
	offset  int
	mixed   bool
	finish  time.Time
}

func newPipeline(ctx context.Context, h *hub, prefix string, offset, streams int, unary bool) (*pipeline, error) {
	p := &pipeline{hub: h, prefix: prefix, offset: offset}
	for range streams {
		conn, err := h.dial(identity.Caller{Kind: identity.Authority, ID: benchAuthority})
		if err != nil {
			return nil, err
		}
		p.conns = append(p.conns, conn)
		client := intakev1.NewIntakeServiceClient(conn)
		if unary {
			p.unary = append(p.unary, client)
			continue
		}
		stream, err := client.SubmitStream(ctx)
		if err != nil {
			return nil, err
		}
		l := &lodger{stream: stream, failed: make(chan struct{})}
		go l.receive()
		p.streams = append(p.streams, l)
	}
	return p, nil
}

func (p *pipeline) submit(ctx context.Context, i int) error {
	s := p.submission(i)
	if len(p.unary) > 0 {
		_, err := p.unary[i%len(p.unary)].Submit(ctx, &intakev1.SubmitRequest{Submission: s})
		return err
	}
	return p.streams[i%len(p.streams)].lodge(ctx, s)
}

func (p *pipeline) reference(i int) string { return fmt.Sprintf("%s-%08d", p.prefix, i) }

func (p *pipeline) close() {
	for _, l := range p.streams {
		_ = l.stream.CloseSend()
	}
	for _, c := range p.conns {
		_ = c.Close()
	}
}

// done counts the submissions whose outcome and status are there, once nothing
// is on its way in an outbox any more; until then it only looks at those, so as
// not to take the machine from what is measured.
func (p *pipeline) done(ctx context.Context) (int, error) {
	var busy bool
	err := p.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM intake.outbox) OR EXISTS (SELECT FROM autoprocessing.outbox WHERE stream = 'DECIDED')`).Scan(&busy)
	if err != nil || busy {
		return 0, err
	}
	var n int
	err = p.pool.QueryRow(ctx, `SELECT CASE WHEN (SELECT count(*) FROM intake.status WHERE outcome > 0) >= (SELECT count(*) FROM adviceoutcome.outcome WHERE outcome > 0)
		THEN (SELECT count(*) FROM adviceoutcome.outcome WHERE reference LIKE $1 || '-%') ELSE 0 END`, p.prefix).Scan(&n)
	return n, err
}

func (p *pipeline) committed(ctx context.Context) (map[string]time.Time, error) {
	err := p.pool.QueryRow(ctx, `SELECT greatest(
		(SELECT max(pg_xact_commit_timestamp(xmin)) FROM intake.status),
		(SELECT max(pg_xact_commit_timestamp(xmin)) FROM registry.inbox),
		(SELECT max(pg_xact_commit_timestamp(xmin)) FROM workitems.inbox))`).Scan(&p.finish)
	if err != nil {
		return nil, err
	}
	return commitTimes(ctx, p.pool, fmt.Sprintf("SELECT reference, pg_xact_commit_timestamp(xmin) FROM adviceoutcome.outcome WHERE reference LIKE '%s-%%'", p.prefix))
}

func (p *pipeline) finished() time.Time { return p.finish }

// explain tells what was not decided, for a run that did not come through.
func (p *pipeline) explain() string {
	var text string
	err := p.pool.QueryRow(context.Background(), `SELECT
		'outbox ' || (SELECT count(*) FROM intake.outbox) || '/' || (SELECT count(*) FROM autoprocessing.outbox) ||
		', parked ' || (SELECT count(*) FROM autoprocessing.parked) || '/' || (SELECT count(*) FROM adviceoutcome.parked) || '/' || (SELECT count(*) FROM intake.parked) ||
		', lodged ' || (SELECT count(*) FROM intake.submission) || ', decided ' || (SELECT count(*) FROM autoprocessing.submission) ||
		', unprocessed ' || coalesce((SELECT string_agg(DISTINCT reasons::text, ' ') FROM autoprocessing.queue_entry), 'none')`).Scan(&text)
	if err != nil {
		return err.Error()
	}
	return text
}
