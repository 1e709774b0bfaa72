package bus

import (
	"fmt"
	"strings"
)

// ServerFile is the configuration of a NATS server of its own for the peers, as
// nats-server reads it: what StartEmbedded does in process, with TLS in both
// directions. Public keys are named by environment variables (KeyVariable), so
// that the file is the same for every installation.
func ServerFile(peers []Peer) string {
	var b strings.Builder
	b.WriteString(serverFileHead)
	for _, p := range peers {
		fmt.Fprintf(&b, "    {\n      # %s\n      nkey: $%s\n      permissions {\n        publish {", p.Name, KeyVariable(p.Name))
		if sends := p.Sends(); len(sends) > 0 {
			fmt.Fprintf(&b, " allow: [\n          %s\n        ] }\n", quoted(sends))
		} else {
			b.WriteString(" deny: \">\" }\n")
		}
		fmt.Fprintf(&b, "        subscribe { allow: [ %s ] }\n      }\n    }\n", quoted(p.Subscribes()))
	}
	b.WriteString("  ]\n}\n")
	return b.String()
}

// KeyVariable names the environment variable with a peer's public key.
func KeyVariable(peer string) string {
	return "NATS_NKEY_" + strings.ToUpper(strings.ReplaceAll(peer, "-", "_"))
}

func quoted(subjects []string) string {
	return `"` + strings.Join(subjects, "\",\n          \"") + `"`
}

const serverFileHead = `# A NATS server (2.15.2 or later) for NoticeHub, made from the declarations in
# proto/subject: who publishes what, and who consumes it. Change those, not this
# file; "go test ./services/internal/packet -run Sample -update" writes it anew.
#
# Every client has a key of its own. "<service> keys" makes it: the secret half goes
# into the file that the service's nats_seed_file names, mode 0400; the public half,
# which it prints, into this server's environment. The courier's is for the service
# that declares the streams (nats_admin_seed_file). Nobody gets in without a key
# and a certificate; nobody may do what is not listed.

server_name: noticehub-1
listen: 0.0.0.0:4222
# Monitoring, on this machine only. WebSocket, MQTT, leaf nodes and gateways stay
# off: there is nothing about them here.
http: 127.0.0.1:8222

max_payload: 8MB
max_connections: 256
max_subscriptions: 4096
max_control_line: 4KB

tls {
  cert_file: "/etc/nats/tls/server.pem"
  key_file: "/etc/nats/tls/server-key.pem"
  ca_file: "/etc/nats/tls/ca.pem"
  verify: true
  min_version: "1.3"
  timeout: 5
}

# The store is disposable: outboxes keep what consumers have not acknowledged. It
# is encrypted all the same.
jetstream {
  store_dir: "/var/lib/nats"
  key: $NATS_STORE_KEY
  cipher: aes
  max_memory_store: 0
  max_file_store: 40GB
}

authorization {
  timeout: 10
  users = [
`
