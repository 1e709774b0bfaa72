package bus

import (
	"errors"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// Peer is a client of a bus with walls: who it is, by an ed25519 key (nkey), and
// all it may do. Everything else is a permission violation.
type Peer struct {
	// Name of the client; its answers come to subjects below _INBOX_<name>.
	Name string
	// Key is the public half of its nkey, "U…".
	Key string
	// Publishes are streams it may publish to and read the progress of.
	Publishes []Stream
	// Consumes are the consumers it takes messages from.
	Consumes []Task
	// Declares are streams it may make, change and remove, with their consumers,
	// but neither publish to nor consume from: only the courier has any.
	Declares []Stream
}

// Task is a consumer of a stream.
type Task struct{ Stream, Consumer string }

// NewSeed makes an nkey: its secret half, for Config.Seed, and its public half,
// for Peer.Key.
func NewSeed() (seed, key string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", "", err
	}
	secret, err := pair.Seed()
	if err != nil {
		return "", "", err
	}
	key, err = pair.PublicKey()
	return string(secret), key, err
}

// Idle reports whether the peer may do nothing at all.
func (p Peer) Idle() bool {
	return len(p.Publishes) == 0 && len(p.Consumes) == 0 && len(p.Declares) == 0
}

func (p Peer) inbox() string { return "_INBOX_" + p.Name }

// Subscribes are the subjects it may subscribe to: answers to itself.
func (p Peer) Subscribes() []string { return []string{p.inbox() + ".>"} }

// Sends are the subjects it may publish to, each as exact as can be.
func (p Peer) Sends() []string {
	var sends []string
	for _, s := range p.Publishes {
		sends = append(sends, s.Subjects...)
		sends = append(sends, "$JS.API.STREAM.INFO."+s.Name)
		for _, c := range s.Consumers {
			sends = append(sends, "$JS.API.CONSUMER.INFO."+s.Name+"."+c.Name)
		}
	}
	for _, t := range p.Consumes {
		own := t.Stream + "." + t.Consumer
		sends = append(sends, "$JS.API.CONSUMER.INFO."+own, "$JS.API.CONSUMER.MSG.NEXT."+own, "$JS.ACK."+own+".>")
	}
	for _, s := range p.Declares {
		for _, verb := range []string{"INFO", "CREATE", "UPDATE", "DELETE"} {
			sends = append(sends, "$JS.API.STREAM."+verb+"."+s.Name)
		}
		for _, c := range s.Consumers {
			for _, verb := range []string{"INFO", "CREATE", "DELETE", "PAUSE"} {
				sends = append(sends, "$JS.API.CONSUMER."+verb+"."+s.Name+"."+c.Name)
			}
		}
	}
	slices.Sort(sends)
	return slices.Compact(sends)
}

// permissions as the server wants them. An empty list would allow everything.
func (p Peer) permissions() *server.Permissions {
	publish := &server.SubjectPermission{Allow: p.Sends()}
	if len(publish.Allow) == 0 {
		publish = &server.SubjectPermission{Deny: []string{">"}}
	}
	return &server.Permissions{Publish: publish, Subscribe: &server.SubjectPermission{Allow: p.Subscribes()}}
}

func (p Peer) publishes(stream string) bool {
	return slices.ContainsFunc(p.Publishes, func(s Stream) bool { return s.Name == stream })
}

// consumes are the names of its consumers of a stream.
func (p Peer) consumes(stream string) []string {
	var names []string
	for _, t := range p.Consumes {
		if t.Stream == stream {
			names = append(names, t.Consumer)
		}
	}
	return names
}

// PublicKey is the public half of a client's nkey. The error of a text that is not
// the secret half of one does not repeat it.
func PublicKey(seed string) (string, error) {
	pair, err := nkeys.FromSeed([]byte(seed))
	if err == nil {
		var key string
		if key, err = pair.PublicKey(); err == nil && nkeys.IsValidPublicUserKey(key) {
			return key, nil
		}
	}
	return "", errors.New("it is not the seed of a user's nkey (SU…)")
}
