package canary

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/redact"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// Bird is a value that stands in one personal field and nowhere else.
type Bird struct {
	// Song is the value.
	Song string
	// Field it was put into.
	Field protoreflect.FullName
	// Owner is the authority that sent it; "" for the agency.
	Owner string
	// Secret is true in the record of a restricted customer.
	Secret bool
}

// Set makes canaries and finds them again.
type Set struct {
	mu    sync.Mutex
	birds []Bird
}

// Count is how many canaries were made.
func (s *Set) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.birds)
}

// firstBirth: nobody is that old any more, so these days are in no log by chance.
var firstBirth = time.Date(1893, 1, 1, 0, 0, 0, 0, time.UTC)

// songs are the shapes of personal fields: a word of capitals and digits that
// fits names, references, texts and codes; a CRN; a day.
func songs(n int) []string {
	return []string{
		fmt.Sprintf("QX%05dZ", n), fmt.Sprintf("77%07d%c", n, 'A'+n%26), firstBirth.AddDate(0, 0, n).Format(time.DateOnly),
	}
}

const (
	word = iota
	number
	day
)

// of makes a canary of a shape for a field.
func (s *Set) of(shape int, b Bird) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Song = songs(len(s.birds) + 1)[shape]
	s.birds = append(s.birds, b)
	return b.Song
}

// Plant puts a canary of its own into every personal text of a message, nested
// ones included, where a shape is valid there; fields that keep names stay, those
// named with a dot before in the message itself only. Returned is the message.
func Plant[M proto.Message](s *Set, m M, b Bird, keep ...string) M {
	s.plant(m.ProtoReflect(), b, keep, ".")
	return m
}

func (s *Set) plant(m protoreflect.Message, b Bird, keep []string, dot string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		kept := slices.Contains(keep, string(f.Name())) || (dot != "" && slices.Contains(keep, dot+string(f.Name())))
		switch {
		case kept || f.IsMap():
		case f.Message() != nil && f.IsList():
			for n := range m.Get(f).List().Len() {
				s.plant(m.Get(f).List().Get(n).Message(), b, keep, "")
			}
		case f.Message() != nil:
			if m.Has(f) {
				s.plant(m.Mutable(f).Message(), b, keep, "")
			}
		case f.Kind() == protoreflect.StringKind && redact.Personal(f) && (f.ContainingOneof() == nil || m.Has(f)):
			s.sing(m, f, b)
		}
	}
}

// sing sets a field to the first shape that is valid there.
func (s *Set) sing(m protoreflect.Message, f protoreflect.FieldDescriptor, b Bird) {
	b.Field = f.FullName()
	before := m.Get(f)
	set := func(text string) {
		if f.IsList() {
			l := m.NewField(f).List()
			l.Append(protoreflect.ValueOfString(text))
			m.Set(f, protoreflect.ValueOfList(l))
		} else {
			m.Set(f, protoreflect.ValueOfString(text))
		}
	}
	had := m.Has(f)
	for shape := range songs(0) {
		set(songs(0)[shape])
		if !complains(m, f) {
			set(s.of(shape, b))
			return
		}
	}
	if had {
		m.Set(f, before)
	} else {
		m.Clear(f)
	}
}

// complains reports whether the contract refuses a message because of a field.
func complains(m protoreflect.Message, f protoreflect.FieldDescriptor) bool {
	var refusal *fault.Error
	if !errors.As(rpc.Validate(m.Interface()), &refusal) {
		return false
	}
	return slices.ContainsFunc(refusal.Fields, func(field fault.Field) bool {
		name, _, _ := strings.Cut(field.Path, "[")
		return name == string(f.Name())
	})
}

// Find returns the canaries that sing in data, in whatever case.
func (s *Set) Find(data []byte) []Bird {
	if len(data) == 0 {
		return nil
	}
	upper := bytes.ToUpper(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Bird
	for _, b := range s.birds {
		if bytes.Contains(upper, []byte(b.Song)) {
			found = append(found, b)
		}
	}
	return found
}
