package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/fault"
)

// authority is a CA of the test's own; issue makes name.pem and name-key.pem.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	a := &authority{dir: dir}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.issue(t, "ca", template)
	return a
}

func (a *authority) issue(t *testing.T, name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + "-key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// The generated file is one a real server starts from, with TLS in both
// directions; cases 38 and 40 of the attack list hold there, too.
func TestServerFile(t *testing.T) { // not parallel: it sets the environment
	peers := []bus.Peer{
		{Name: "shop", Publishes: []bus.Stream{orders}},
		{Name: "billing", Consumes: []bus.Task{{Stream: "ORDERS", Consumer: "billing"}}},
		{Name: "idle"},
		{Name: "courier", Declares: []bus.Stream{orders}},
	}
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.issue(t, "server", &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	ca.issue(t, "client", &x509.Certificate{SerialNumber: big.NewInt(3), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	t.Setenv("NATS_STORE_KEY", "a-key-for-the-store-of-this-test")
	seeds := map[string]string{}
	for i := range peers {
		seed, key, err := bus.NewSeed()
		if err != nil {
			t.Fatal(err)
		}
		peers[i].Key, seeds[peers[i].Name] = key, seed
		t.Setenv(bus.KeyVariable(peers[i].Name), key)
	}
	text := strings.NewReplacer("/etc/nats/tls", dir, "/var/lib/nats", filepath.Join(dir, "store"), "0.0.0.0:4222", "127.0.0.1:-1", "127.0.0.1:8222", "127.0.0.1:-1").Replace(bus.ServerFile(peers))
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if o.Websocket.Port != 0 || o.MQTT.Port != 0 || o.LeafNode.Port != 0 || o.Gateway.Port != 0 || o.Cluster.Port != 0 || o.ProfPort != 0 || o.HTTPSPort != 0 || o.NoAuthUser != "" || o.HTTPHost != "127.0.0.1" {
		t.Error("something else than clients and monitoring on loopback is served")
	}
	o.NoSigs = true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	config := func(name string) bus.Config {
		for i := range peers {
			if peers[i].Name == name {
				return bus.Config{
					URL: "tls://" + s.Addr().String(), Name: name, Peer: &peers[i], Seed: seeds[name],
					RootCA: filepath.Join(dir, "ca.pem"), ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client-key.pem"),
				}
			}
		}
		t.Fatal(name)
		return bus.Config{}
	}
	connect := func(c bus.Config) *bus.Bus {
		b, err := bus.Connect(t.Context(), c, quiet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	courier := connect(config("courier"))
	declare(t, courier, orders)
	mustStore(t, publish(t, connect(config("shop")), "", "a"))
	var got collector
	consume(t, connect(config("billing")), "billing", got.take)
	eventually(t, "the order came", func() bool { return got.count() == 1 })
	if acks := publish(t, connect(config("idle")), "", "forged"); acks[0].Err == nil {
		t.Error("who may do nothing published")
	}
	for name, change := range map[string]func(*bus.Config){
		"no certificate":     func(c *bus.Config) { c.ClientCert, c.ClientKey = "", "" },
		"no key":             func(c *bus.Config) { c.Seed = "" },
		"a key of nobody":    func(c *bus.Config) { c.Seed, _, _ = bus.NewSeed() },
		"in the clear":       func(c *bus.Config) { c.RootCA, c.ClientCert, c.ClientKey = "", "", "" },
		"another CA's trust": func(c *bus.Config) { c.RootCA = c.ClientCert },
	} {
		c := config("shop")
		change(&c)
		if b, err := bus.Connect(background(t), c, quiet); err == nil {
			b.Close()
			t.Errorf("%s: connected", name)
		}
	}
}

// Case 40: the embedded server, too, knows its clients or has none.
func TestEmbeddedServerAsksForKeys(t *testing.T) {
	t.Parallel()
	w := walls(t)
	for name, c := range map[string]bus.Config{
		"nobody over a socket":  {URL: w.Server.URL()},
		"a name without a key":  {URL: "nats://shop:shop@" + strings.TrimPrefix(w.Server.URL(), "nats://")},
		"a key without a place": {URL: w.Server.URL(), Seed: func() string { seed, _, _ := bus.NewSeed(); return seed }()},
	} {
		if b, err := bus.Connect(background(t), c, quiet); err == nil {
			b.Close()
			t.Errorf("%s got in", name)
		}
	}
	if said := w.Said(); !strings.Contains(said, "authentication error") {
		t.Error("no alarm")
	}
	if _, err := bus.StartEmbedded(bus.EmbeddedOptions{Dir: t.TempDir(), Listen: "0.0.0.0:0"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("listening for other machines: %v", err)
	}
	if _, err := bus.StartEmbedded(bus.EmbeddedOptions{Dir: t.TempDir(), Token: "t", Peers: []bus.Peer{{Name: "shop"}}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a token beside keys: %v", err)
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	peer := &bus.Peer{Name: "shop"}
	sound := bus.Config{URL: "tls://bus.example:4222", Peer: peer, Seed: "S", RootCA: "ca", ClientCert: "c", ClientKey: "k"}
	for name, change := range map[string]func(*bus.Config){
		"no key":         func(c *bus.Config) { c.Seed = "" },
		"no peer":        func(c *bus.Config) { c.Peer = nil },
		"no CA":          func(c *bus.Config) { c.RootCA = "" },
		"no certificate": func(c *bus.Config) { c.ClientCert = "" },
		"one elsewhere":  func(c *bus.Config) { c.URL, c.RootCA = "127.0.0.1:4222,bus.example:4222", "" },
	} {
		c := sound
		change(&c)
		if err := c.Check(); !fault.Is(err, fault.Precondition) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []bus.Config{sound, {URL: "nats://127.0.0.1:4222", Peer: peer, Seed: "S"}, {InProcess: bustest.Server(t)}} {
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
}
