package bus_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/fault"
)

var quiet = slog.New(slog.DiscardHandler)

var notes = bus.Stream{Name: "NOTES", Subjects: []string{"notes.>"}, Consumers: []bus.Consumer{{Name: "shop-notes"}}}

// A shop that takes orders, two that consume them, one of which writes notes
// that the shop consumes, and one that may do nothing.
func walls(t *testing.T) *bustest.Walls {
	t.Helper()
	return bustest.Walled(t,
		bus.Peer{Name: "shop", Publishes: []bus.Stream{orders}, Consumes: []bus.Task{{Stream: "NOTES", Consumer: "shop-notes"}}},
		bus.Peer{Name: "billing", Publishes: []bus.Stream{notes}, Consumes: []bus.Task{{Stream: "ORDERS", Consumer: "billing"}}},
		bus.Peer{Name: "stock", Consumes: []bus.Task{{Stream: "ORDERS", Consumer: "stock"}}},
		bus.Peer{Name: "idle"},
		bus.Peer{Name: "courier", Declares: []bus.Stream{orders, notes}})
}

// What each needs for its work it may do; nobody is refused anything meanwhile.
func TestWorkBehindWalls(t *testing.T) {
	t.Parallel()
	w := walls(t)
	courier := w.Connect(t, "courier", nil)
	shop, billing, stock := w.Connect(t, "shop", courier), w.Connect(t, "billing", nil), w.Connect(t, "stock", nil)
	// Who has no courier waits for somebody else's.
	if err := billing.Declare(t.Context(), orders, notes); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("before anybody declared: %v", err)
	}
	keep(t, shop, orders, notes)
	keep(t, courier, orders, notes)
	eventually(t, "the streams are there", func() bool {
		return billing.Declare(t.Context(), orders, notes) == nil && stock.Declare(t.Context(), orders) == nil && shop.Ready(t.Context()) == nil
	})
	keep(t, billing, orders, notes)
	for _, b := range []*bus.Bus{billing, stock, w.Connect(t, "idle", nil)} {
		if err := b.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var first, second collector
	consume(t, billing, "billing", first.take)
	consume(t, stock, "stock", second.take)
	mustStore(t, publish(t, shop, ".1", "a", "b", "c"))
	eventually(t, "all was consumed", func() bool {
		return first.count() == 3 && second.count() == 3 && floor(t, shop).Sequence == 3
	})
	if second.data["a"] != "/order" {
		t.Fatalf("who gets headers only got %q", second.data["a"])
	}
	// The store is wiped: the courier puts everything back for all.
	before := floor(t, shop)
	if err := w.Server.Restart(bustest.Wipe); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the streams are back", func() bool {
		f, err := shop.Floor(t.Context(), "ORDERS", []string{"billing", "stock"})
		return err == nil && f.Epoch != before.Epoch && billing.Ready(t.Context()) == nil && stock.Ready(t.Context()) == nil
	})
	mustStore(t, publish(t, shop, ".2", "d"))
	eventually(t, "work goes on", func() bool { return first.count() == 4 && second.count() == 4 })
	if said := w.Said(); strings.Contains(said, "Violation") {
		t.Fatalf("somebody was refused what they need:\n%s", said)
	}
}

// intruder is a connection with a peer's key and no good intentions.
func intruder(t *testing.T, w *bustest.Walls, name string) (*nats.Conn, func() error) {
	t.Helper()
	c := w.Config(name)
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var last error
	nc, err := nats.Connect(c.URL, nats.Nkey(c.Peer.Key, pair.Sign), nats.CustomInboxPrefix("_INBOX_"+name),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { mu.Lock(); last = err; mu.Unlock() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, func() error {
		defer func() { mu.Lock(); last = nil; mu.Unlock() }()
		for range 2 { // the refusal follows the answer to the first ping at the latest
			if err := nc.Flush(); err != nil {
				return err
			}
		}
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			mu.Lock()
			err := last
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// Case 38 of the attack list, with the key of a service that was taken over.
func TestAttacksWithAServicesKey(t *testing.T) {
	t.Parallel()
	w := walls(t)
	courier := w.Connect(t, "courier", nil)
	declare(t, courier, orders, notes)
	shop := w.Connect(t, "shop", courier)
	mustStore(t, publish(t, shop, "", "a", "b"))
	before := floor(t, shop)

	type attack struct {
		publish, subscribe, queue, body, reply string
	}
	for who, attacks := range map[string]map[string]attack{
		"stock": {
			"another's subject":          {publish: "orders.0", body: "forged"},
			"another's wildcard subject": {publish: "orders.deep.er", body: "forged"},
			"another's stream":           {publish: "notes.0", body: "forged"},
			"another's acknowledgement":  {publish: "$JS.ACK.ORDERS.billing.1.1.1.1700000000000000000.0", body: "+ACK"},
			"acknowledgement, new form":  {publish: "$JS.ACK._.x.ORDERS.billing.1.1.1.1700000000000000000.0", body: "+ACK"},
			"by a reply":                 {publish: "$JS.API.CONSUMER.MSG.NEXT.ORDERS.stock", reply: "$JS.ACK.ORDERS.billing.1.1.1.1700000000000000000.0", body: `{"batch":1,"no_wait":true}`},
			"another's messages":         {publish: "$JS.API.CONSUMER.MSG.NEXT.ORDERS.billing", body: "1"},
			"another's progress":         {publish: "$JS.API.CONSUMER.INFO.ORDERS.billing"},
			"stream's state":             {publish: "$JS.API.STREAM.INFO.ORDERS"},
			"streams":                    {publish: "$JS.API.STREAM.LIST"},
			"names":                      {publish: "$JS.API.STREAM.NAMES"},
			"account":                    {publish: "$JS.API.INFO"},
			"wildcard":                   {subscribe: ">"},
			"all orders":                 {subscribe: "orders.>"},
			"one subject":                {subscribe: "orders.0"},
			"queue on orders":            {subscribe: "orders.>", queue: "q"},
			"queue on one subject":       {subscribe: "orders.0", queue: "q"},
			"queue with a wildcard name": {subscribe: "orders.*", queue: ">"},
			"another's inbox":            {subscribe: "_INBOX_billing.>"},
			"another's inbox in a queue": {subscribe: "_INBOX_billing.>", queue: "q"},
			"all inboxes":                {subscribe: "*.*"},
			"usual inbox":                {subscribe: "_INBOX.x"},
			"another's answers":          {publish: "_INBOX_billing.x", body: "forged"},
			"calls of the API":           {subscribe: "$JS.API.>"},
			"events of the API":          {subscribe: "$JS.EVENT.ADVISORY.>"},
			"acknowledgements":           {subscribe: "$JS.ACK.>"},
			"the system":                 {publish: "$SYS.REQ.SERVER.PING"},
			"the system's events":        {subscribe: "$SYS.>"},
			"raft":                       {publish: "$NRG.x"},
			"gateway's replies":          {publish: "_GR_.x.y.orders.0"},
		},
		"shop": { // even to the streams that are its own
			"delete":          {publish: "$JS.API.STREAM.DELETE.ORDERS"},
			"purge":           {publish: "$JS.API.STREAM.PURGE.ORDERS"},
			"update":          {publish: "$JS.API.STREAM.UPDATE.ORDERS", body: `{"name":"ORDERS","subjects":["orders.>"],"republish":{"src":">","dest":"out.>"}}`},
			"create":          {publish: "$JS.API.STREAM.CREATE.LOOT", body: `{"name":"LOOT","subjects":["loot"]}`},
			"mirror":          {publish: "$JS.API.STREAM.CREATE.LOOT", body: `{"name":"LOOT","mirror":{"name":"ORDERS"}}`},
			"source":          {publish: "$JS.API.STREAM.CREATE.LOOT", body: `{"name":"LOOT","sources":[{"name":"NOTES"}]}`},
			"restore":         {publish: "$JS.API.STREAM.RESTORE.ORDERS", body: "{}"},
			"snapshot":        {publish: "$JS.API.STREAM.SNAPSHOT.ORDERS", body: `{"deliver_subject":"_INBOX_shop.x"}`},
			"read a message":  {publish: "$JS.API.STREAM.MSG.GET.ORDERS", body: `{"seq":1}`},
			"read directly":   {publish: "$JS.API.DIRECT.GET.ORDERS", body: `{"seq":1}`},
			"remove one":      {publish: "$JS.API.STREAM.MSG.DELETE.ORDERS", body: `{"seq":1}`},
			"new consumer":    {publish: "$JS.API.CONSUMER.CREATE.ORDERS.spy", body: `{"stream_name":"ORDERS","config":{"name":"spy"}}`},
			"fleeting one":    {publish: "$JS.API.CONSUMER.CREATE.NOTES", body: `{"stream_name":"NOTES","config":{}}`},
			"old way":         {publish: "$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.spy", body: `{"stream_name":"ORDERS","config":{"durable_name":"spy"}}`},
			"remove consumer": {publish: "$JS.API.CONSUMER.DELETE.ORDERS.billing"},
			"pause consumer":  {publish: "$JS.API.CONSUMER.PAUSE.ORDERS.billing", body: `{"pause_until":"2099-01-01T00:00:00Z"}`},
			"reset consumer":  {publish: "$JS.API.CONSUMER.RESET.ORDERS.billing"},
			"step down":       {publish: "$JS.API.STREAM.LEADER.STEPDOWN.ORDERS"},
			"consume its own": {publish: "$JS.API.CONSUMER.MSG.NEXT.ORDERS.billing", body: "1"},
		},
		"courier": {
			"publish":       {publish: "orders.0", body: "forged"},
			"take":          {publish: "$JS.API.CONSUMER.MSG.NEXT.ORDERS.billing", body: "1"},
			"acknowledge":   {publish: "$JS.ACK.ORDERS.billing.1.1.1.1700000000000000000.0", body: "+ACK"},
			"read":          {publish: "$JS.API.STREAM.MSG.GET.ORDERS", body: `{"seq":1}`},
			"listen":        {subscribe: "orders.>"},
			"purge":         {publish: "$JS.API.STREAM.PURGE.ORDERS"},
			"other streams": {publish: "$JS.API.STREAM.CREATE.LOOT", body: `{"name":"LOOT","subjects":["loot"]}`},
		},
		"idle": {
			"publish": {publish: "anything"}, "listen": {subscribe: "anything"}, "state": {publish: "$JS.API.STREAM.INFO.ORDERS"},
		},
	} {
		nc, refusal := intruder(t, w, who)
		for name, a := range attacks {
			refused := count(t, w.Refusals, "noticehub_bus_server_refusals_total")
			var err error
			switch {
			case a.queue != "":
				_, err = nc.QueueSubscribe(a.subscribe, a.queue, func(*nats.Msg) {})
			case a.subscribe != "":
				_, err = nc.Subscribe(a.subscribe, func(*nats.Msg) {})
			case a.reply != "":
				err = nc.PublishRequest(a.publish, a.reply, []byte(a.body))
			default:
				err = nc.PublishRequest(a.publish, nc.NewInbox(), []byte(a.body))
			}
			if err != nil {
				t.Fatalf("%s: %s: %v", who, name, err)
			}
			if err := refusal(); err == nil || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
				t.Errorf("%s: %s: %v, want a permission violation", who, name, err)
			}
			if count(t, w.Refusals, "noticehub_bus_server_refusals_total") <= refused || !strings.Contains(w.Said(), "Violation") {
				t.Errorf("%s: %s: no alarm", who, name)
			}
		}
	}
	if after := floor(t, shop); after != before {
		t.Errorf("the attacks moved the floor from %+v to %+v", before, after)
	}
	var got collector
	consume(t, w.Connect(t, "billing", nil), "billing", got.take)
	eventually(t, "what was there is still there", func() bool { return got.count() == 2 })
	if got.data["a"] != "body of a/order" {
		t.Errorf("a became %q", got.data["a"])
	}
}

// count is the sum of a counter.
func count(t *testing.T, r *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// The server delivers to whatever reply a request names, permission or not: a
// consumer could put messages of its stream into another stream or inbox.
func TestMessagesFromElsewhereAreNotGenuine(t *testing.T) {
	t.Parallel()
	w := walls(t)
	courier := w.Connect(t, "courier", nil)
	declare(t, courier, orders, notes)
	// Billing and the shop are in it together: a note of billing's making is to
	// become an order.
	billing, _ := intruder(t, w, "billing")
	shop, _ := intruder(t, w, "shop")
	for i, header := range []nats.Header{{}, {"Nats-Expected-Stream": {"NOTES"}}} {
		header["Message-Id"] = []string{fmt.Sprint("forged-", i)}
		if err := billing.PublishMsg(&nats.Msg{Subject: "notes.0", Header: header, Data: []byte("forged")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(billing.Flush(), shop.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.NOTES.shop-notes", "orders.0", []byte(`{"batch":2}`)), shop.Flush()); err != nil {
		t.Fatal(err)
	}
	var got collector
	metrics := prometheus.NewRegistry()
	c := w.Config("billing")
	c.Metrics = metrics
	b, err := bus.Connect(t.Context(), c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	consume(t, b, "billing", got.take)
	eventually(t, "the forgery was seen", func() bool {
		return count(t, metrics, "noticehub_bus_forged_total") == 1
	})
	mustStore(t, publish(t, w.Connect(t, "shop", nil), "", "honest"))
	eventually(t, "the honest order came", func() bool { return got.count() == 1 })
	if got.seen["honest"] != 1 {
		t.Errorf("consumed: %v", got.seen)
	}
	// What was thrown away does not come again.
	eventually(t, "nothing waits", func() bool {
		waiting, held, err := b.Lag(t.Context(), "ORDERS", "billing")
		return err == nil && waiting == 0 && held == 0
	})
}
