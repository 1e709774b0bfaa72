package postgres

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// readyPause is between attempts to reach a server that starts; a start
	// takes about 130 ms.
	readyPause = 10 * time.Millisecond
	// maxLog is the size at which the server's log is put aside at a start.
	maxLog = 16 << 20
)

// settings for a small shared machine (2 cores, 24 GiB, most of it page cache).
func (l *Local) settings(ctx context.Context) map[string]string {
	s := map[string]string{
		"listen_addresses":        "",
		"port":                    strconv.Itoa(l.port()),
		"unix_socket_directories": l.socket,
		"unix_socket_permissions": "0700",
		"max_connections":         "200",
		"timezone":                "UTC",
		"log_timezone":            "UTC",

		"shared_buffers":       "256MB",
		"effective_cache_size": "8GB",
		"work_mem":             "16MB",
		"maintenance_work_mem": "128MB",
		"random_page_cost":     "1.1",
		"jit":                  "off",
		"password_encryption":  "scram-sha-256",

		// Fewer checkpoints mean fewer full-page images; the size bounds the
		// recovery after a crash to some ten seconds.
		"checkpoint_timeout": "15min",
		"max_wal_size":       "2GB",
		"min_wal_size":       "256MB",
		"wal_buffers":        "16MB",

		// Outbox and inbox tables turn over quickly.
		"autovacuum_naptime":             "15s",
		"autovacuum_vacuum_scale_factor": "0.1",

		// Messages of level ERROR quote statements and keys, that is personal
		// data; the client gets them anyway. What the server itself has to say is
		// LOG, FATAL or PANIC.
		"log_min_messages":        "log",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	if runtime.GOOS == "linux" { // refused where the kernel cannot tell
		// A killed client's statement ends, and its locks go, within half a second.
		s["client_connection_check_interval"] = "500ms"
	}
	if l.opts.Port != 0 {
		s["listen_addresses"] = "127.0.0.1"
	}
	switch {
	case l.opts.NoSync:
		s["fsync"], s["full_page_writes"], s["synchronous_commit"] = "off", "off", "off"
	case l.supports(ctx, "wal_compression", "lz4"):
		s["wal_compression"] = "lz4"
	default:
		s["wal_compression"] = "on"
	}
	maps.Copy(s, l.opts.Settings)
	return s
}

// supports asks the program whether it was built with a choice of a setting.
func (l *Local) supports(ctx context.Context, setting, value string) bool {
	cmd := exec.CommandContext(ctx, l.bin.postgres, "-D", l.site.data, "-C", setting, "-c", setting+"="+value)
	l.site.prepare(cmd)
	return cmd.Run() == nil
}

func (l *Local) start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.startLocked(ctx)
}

// startLocked starts the server and waits until it answers.
func (l *Local) startLocked(ctx context.Context) error {
	log, offset, err := l.site.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own copy
	empty(l.socket)
	if err := l.site.guard(); err != nil {
		return err
	}
	settings := l.settings(ctx)
	args := []string{"-D", l.site.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), l.bin.postgres, args...) // outlives the start
	cmd.Stdout, cmd.Stderr = log, log
	l.site.prepare(cmd)
	server, err := spawn(cmd)
	if err != nil {
		return l.site.cannotRun(l.bin.postgres, err)
	}
	if err := l.ready(ctx, server); err != nil {
		server.kill()
		reason := fault.New(fault.Unavailable, "DATABASE_START_FAILED", "the local database in %s did not start", l.site.dir).Wrap(err)
		if said := lastWords(log.Name(), offset); said != "" {
			reason.Message += ": " + said
			reason.Help = "The whole story is in " + log.Name() + "."
		}
		return reason
	}
	l.server = server
	l.log.Info("database started", "version", l.bin.major, "dir", l.site.dir, "pid", server.pid)
	return nil
}

// ready waits until the server accepts connections; crash recovery may take
// long, so only ctx and the server's own end bound it.
func (l *Local) ready(ctx context.Context, server *process) error {
	cfg, err := pgx.ParseConfig(l.URL())
	if err != nil {
		return err
	}
	cfg.ConnectTimeout = connectTimeout
	pause := time.NewTicker(readyPause)
	defer pause.Stop()
	for {
		conn, err := pgx.ConnectConfig(ctx, cfg)
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() == nil && !fault.Is(Classify(err), fault.Unavailable) {
			return err
		}
		select {
		case <-server.done:
			return fault.New(fault.Unavailable, "DATABASE_ENDED", "it ended at once: %v", server.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// lastWords is the last FATAL or PANIC line of the log since offset.
func lastWords(path string, offset int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return ""
	}
	var last string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		for _, level := range []string{"FATAL:", "PANIC:"} {
			// Connections that come too early are refused with FATAL, too.
			if _, after, ok := strings.Cut(lines.Text(), level); ok && !strings.Contains(after, "the database system is") {
				last = strings.TrimSpace(after)
			}
		}
	}
	return last
}
