//go:build attack

package attacktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/hub"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// walls are cases 38 to 41: the bus and the database with a service's own keys.
func walls() []attack {
	return []attack{
		{number: 40, name: "ports of the bus and of monitoring", noRecord: "what does not listen cannot refuse", run: ports},
		{number: 38, name: "the bus with a service's key", noRecord: "the bus server refuses: its log and metric tell (asserted)", run: stolenKeys},
		{number: 41, name: "the database with a service's login", noRecord: "the database server refuses: its log tells", run: stolenLogins},
	}
}

// listeningPorts are those of this process.
func listeningPorts(a *attempt) (ports []string) {
	inodes := map[string]bool{}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		a.Fatal(err)
	}
	for _, f := range files {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil {
			if inode, is := strings.CutPrefix(to, "socket:["); is {
				inodes[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) > 9 && fields[3] == "0A" && inodes[fields[9]] {
				address, port, _ := strings.Cut(fields[1], ":")
				n, _ := strconv.ParseUint(port, 16, 16)
				ports = append(ports, fmt.Sprintf("%s:%d", address, n))
			}
		}
		_ = f.Close()
	}
	return ports
}

func ports(a *attempt) {
	var want []string
	for _, address := range []string{a.hub.GRPC(), a.hub.HTTP()} {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			a.Fatal(err)
		}
		want = append(want, "0100007F:"+port) // 127.0.0.1
	}
	got := listeningPorts(a)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		a.Errorf("the hub listens on %v, not only on %v", got, want)
	}
	w := bustest.Walled(a, packet.Peers()...)
	before := len(listeningPorts(a))
	for name, options := range map[string][]nats.Option{
		"nobody": nil, "a password": {nats.UserInfo("admin", "admin")}, "a token": {nats.Token("x")}, "an unknown key": {strangeKey(a)},
	} {
		if nc, err := nats.Connect(w.Server.URL(), append(options, nats.MaxReconnects(0), nats.Timeout(2*time.Second))...); err == nil {
			nc.Close()
			a.Errorf("%s came in", name)
		}
	}
	if before != len(want)+1 {
		a.Errorf("the bus opened %d ports: %v", before-len(want), listeningPorts(a))
	}
	for _, port := range []string{"4222", "8222", "6222", "7422", "1883", "8080", "443"} {
		if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, 200*time.Millisecond); err == nil {
			_ = conn.Close()
			for _, own := range listeningPorts(a) {
				if strings.HasSuffix(own, ":"+port) {
					a.Errorf("port %s is open", port)
				}
			}
		}
	}
}

func strangeKey(a *attempt) nats.Option {
	pair, err := nkeys.CreateUser()
	if err != nil {
		a.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		a.Fatal(err)
	}
	return nats.Nkey(public, pair.Sign)
}

// stolenKeys uses the key of each service for what is not its own, on the hub's
// real streams.
func stolenKeys(a *attempt) {
	w := bustest.Walled(a, packet.Peers()...)
	courier := w.Connect(a, subject.Courier, nil)
	if err := courier.Declare(a.ctx, packet.All()...); err != nil {
		a.Fatal(err)
	}
	tried := 0
	for _, peer := range packet.Peers() {
		nc, refusal := intruder(a, w, peer.Name)
		type try struct{ publish, subscribe, queue string }
		tries := map[string]try{
			"wildcard": {subscribe: ">"}, "queue wildcard": {subscribe: ">", queue: "q"}, "all inboxes": {subscribe: "_INBOX*.>"}, "usual inboxes": {subscribe: "_INBOX.>"},
			"system": {publish: "$SYS.REQ.SERVER.PING"}, "advisories": {subscribe: "$JS.EVENT.>"}, "acknowledgements": {subscribe: "$JS.ACK.>"},
		}
		for _, s := range subject.Streams() {
			tries["listen to "+s.Name] = try{subscribe: subject.Of(s.Name, 0)}
			tries["queue on "+s.Name] = try{subscribe: subject.Of(s.Name, 0), queue: "q"}
			tries["purge "+s.Name] = try{publish: "$JS.API.STREAM.PURGE." + s.Name}
			if peer.Name != subject.Courier { // who puts a stream back in its declared form
				tries["delete "+s.Name] = try{publish: "$JS.API.STREAM.DELETE." + s.Name}
			}
			tries["restore "+s.Name] = try{publish: "$JS.API.STREAM.RESTORE." + s.Name}
			tries["read "+s.Name] = try{publish: "$JS.API.STREAM.MSG.GET." + s.Name}
			tries["mirror "+s.Name] = try{publish: "$JS.API.STREAM.CREATE.LOOT_" + s.Name}
			if s.Publisher != peer.Name {
				tries["forge "+s.Name] = try{publish: subject.Of(s.Name, 0)}
			}
			for _, c := range s.Consumers {
				if c.Service != peer.Name {
					tries["acknowledge for "+c.Name] = try{publish: "$JS.ACK." + s.Name + "." + c.Name + ".1.1.1.1700000000000000000.0"}
					tries["take for "+c.Name] = try{publish: "$JS.API.CONSUMER.MSG.NEXT." + s.Name + "." + c.Name}
					tries["inbox of "+c.Service] = try{subscribe: "_INBOX_" + c.Service + ".>"}
				}
			}
		}
		for name, x := range tries {
			tried++
			var err error
			switch {
			case x.queue != "":
				_, err = nc.QueueSubscribe(x.subscribe, x.queue, func(*nats.Msg) {})
			case x.subscribe != "":
				_, err = nc.Subscribe(x.subscribe, func(*nats.Msg) {})
			default:
				err = nc.PublishRequest(x.publish, nc.NewInbox(), []byte("{}"))
			}
			if err != nil {
				a.Fatal(err)
			}
			if err := refusal(); err == nil || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
				a.Errorf("%s: %s: %v, want a permission violation", peer.Name, name, err)
			}
		}
	}
	families, err := w.Refusals.Gather()
	if err != nil {
		a.Fatal(err)
	}
	var alarms float64
	for _, f := range families {
		if f.GetName() == "noticehub_bus_server_refusals_total" {
			for _, m := range f.GetMetric() {
				alarms += m.GetCounter().GetValue()
			}
		}
	}
	if int(alarms) < tried || !strings.Contains(w.Said(), "Violation") {
		a.Errorf("%d attacks, %g alarms", tried, alarms)
	}
	a.Logf("%d attacks", tried)
}

// intruder is a connection with a peer's key and no good intentions.
func intruder(a *attempt, w *bustest.Walls, name string) (*nats.Conn, func() error) {
	c := w.Config(name)
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		a.Fatal(err)
	}
	var mu sync.Mutex
	var last error
	nc, err := nats.Connect(c.URL, nats.Nkey(c.Peer.Key, pair.Sign), nats.CustomInboxPrefix("_INBOX_"+name), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		mu.Lock()
		defer mu.Unlock()
		last = err
	}))
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(nc.Close)
	return nc, func() error {
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if err := nc.Flush(); err != nil {
				return err
			}
			mu.Lock()
			err := last
			last = nil
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// stolenLogins uses each service's own login on the hub's real schemas.
func stolenLogins(a *attempt) {
	admin := postgrestest.URL(a, hub.Schemas()...)
	if err := postgres.Migrate(a.ctx, admin, nil, hub.Schemas()...); err != nil {
		a.Fatal(err)
	}
	root, err := pgx.Connect(a.ctx, admin)
	if err != nil {
		a.Fatal(err)
	}
	defer func() { _ = root.Close(context.WithoutCancel(a.ctx)) }()
	rows, err := root.Query(a.ctx, `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')`)
	if err != nil {
		a.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		a.Fatalf("%d tables: %v", len(tables), err)
	}
	tried := 0
	for _, s := range hub.Schemas() {
		pool := postgrestest.Open(a, postgrestest.Login(a, admin, s), s, postgres.Everything)
		refused := func(sql string) {
			tried++
			var pg *pgconn.PgError
			if _, err := pool.Exec(a.ctx, sql); !errors.As(err, &pg) || pg.Code != "42501" {
				a.Errorf("%s: %s: %v", s.Role, sql, err)
			}
		}
		for _, sql := range []string{
			"SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "ALTER ROLE " + s.Role + " BYPASSRLS", "ALTER ROLE " + s.Role + " SUPERUSER", "CREATE ROLE intruder", "SET session_replication_role = replica",
			"COPY (SELECT 1) TO PROGRAM 'cat'", "COPY (SELECT 1) TO '/tmp/intruder'", "SELECT pg_read_file('PG_VERSION')", "SELECT pg_ls_dir('.')", "SELECT lo_import('/etc/passwd')", "ALTER SYSTEM SET fsync = off", "CREATE EXTENSION dblink",
			"UPDATE audit.record SET actor = 'nobody'", "DELETE FROM audit.record", "TRUNCATE audit.record", "ALTER TABLE audit.record DISABLE TRIGGER ALL", "CREATE SCHEMA intruder", "CREATE TABLE public.intruder ()", "SELECT pg_reload_conf()",
			"UPDATE adviceoutcome.report SET digest = ''::bytea", "DELETE FROM adviceoutcome.report",
		} {
			if strings.Contains(sql, "adviceoutcome.report") && s.Name == "adviceoutcome" {
				continue // its own: triggers refuse; see the service's tamper test
			}
			refused(sql)
		}
		for _, table := range tables {
			refused("TRUNCATE " + table)
			refused("ALTER TABLE " + table + " DISABLE ROW LEVEL SECURITY")
			refused("DROP TABLE " + table)
			if !strings.HasPrefix(table, s.Name+".") {
				refused("SELECT FROM " + table)
			}
		}
		for _, other := range hub.Schemas() {
			if other.Role != s.Role {
				refused("SET ROLE " + other.Role)
			}
		}
	}
	a.Logf("%d attacks on %d tables", tried, len(tables))
}
