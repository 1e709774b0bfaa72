package privacytest

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/noticehub/noticehub/pkg/redact"
	_ "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/console/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	_ "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// plainFields are the reviewed texts and bytes of the contract that are not
// personal, each under the reason why.
const plainFields = "fields.txt"

// ours calls f for every message of the contract, nested ones included.
func ours(f func(protoreflect.MessageDescriptor)) {
	var walk func(protoreflect.MessageDescriptors)
	walk = func(list protoreflect.MessageDescriptors) {
		for i := range list.Len() {
			f(list.Get(i))
			walk(list.Get(i).Messages())
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(file.Package()), "noticehub.") {
			walk(file.Messages())
		}
		return true
	})
}

// A text or bytes field of the contract is either marked as personal or on the
// list: a new one fails here until somebody decides.
func TestEveryTextOfTheContractIsDecidedOn(t *testing.T) {
	t.Parallel()
	reviewed := map[string]bool{}
	file, err := os.Open(plainFields)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			if reviewed[line] {
				t.Errorf("%s is listed twice", line)
			}
			reviewed[line] = true
		}
	}
	var undecided []string
	ours(func(m protoreflect.MessageDescriptor) {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			name := string(f.FullName())
			if f.Kind() != protoreflect.StringKind && f.Kind() != protoreflect.BytesKind {
				continue
			}
			switch listed := reviewed[name]; {
			case listed && redact.Personal(f):
				t.Errorf("%s is marked as personal and listed as plain", name)
			case !listed && !redact.Personal(f):
				undecided = append(undecided, name)
			}
			delete(reviewed, name)
		}
	})
	slices.Sort(undecided)
	for _, name := range undecided {
		t.Errorf("%s is neither marked debug_redact nor in %s with the reason why it is not personal", name, plainFields)
	}
	for name := range reviewed {
		t.Errorf("%s is listed, but there is no such field", name)
	}
}

// No file of the contract is overlooked because nothing here imports it.
func TestEveryFileOfTheContractIsLookedAt(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "proto")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".proto") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			if _, missing := protoregistry.GlobalFiles.FindFileByPath(filepath.ToSlash(name)); missing != nil {
				t.Errorf("%s is not imported by this test", name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

const planted = "CANARY"

// fill sets every field of a message: personal texts to the canary, numbers to
// 4711; messages in it to the given depth.
func fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		one := func() (protoreflect.Value, bool) {
			switch f.Kind() {
			case protoreflect.StringKind:
				if redact.Personal(f) {
					return protoreflect.ValueOfString(planted), true
				}
				return protoreflect.ValueOfString("x"), true
			case protoreflect.BytesKind:
				if redact.Personal(f) {
					return protoreflect.ValueOfBytes([]byte(planted)), true
				}
				return protoreflect.ValueOfBytes([]byte("x")), true
			case protoreflect.Int64Kind:
				return protoreflect.ValueOfInt64(4711), true
			case protoreflect.BoolKind:
				return protoreflect.ValueOfBool(true), true
			}
			return protoreflect.Value{}, false
		}
		switch {
		case f.IsMap():
		case f.Message() != nil && depth > 0:
			var inner protoreflect.Message
			if f.IsList() {
				inner = m.Mutable(f).List().AppendMutable().Message()
			} else {
				inner = m.Mutable(f).Message()
			}
			fill(inner, depth-1)
		case f.IsList():
			if v, ok := one(); ok {
				m.Mutable(f).List().Append(v)
			}
		default:
			if v, ok := one(); ok {
				m.Set(f, v)
			}
		}
	}
}

// Every message of the contract, full of canaries, prints without any.
func TestNoMessageOfTheContractPrintsWhatIsPersonal(t *testing.T) {
	t.Parallel()
	messages := 0
	ours(func(d protoreflect.MessageDescriptor) {
		messages++
		m := dynamicpb.NewMessage(d)
		fill(m, 5)
		if text := redact.String(m); strings.Contains(text, planted) {
			t.Errorf("%s prints %.300s", d.FullName(), text)
		}
	})
	if messages < 100 {
		t.Errorf("only %d messages were looked at", messages)
	}
}

// FuzzPrinter prints whatever decodes as any message of the contract.
func FuzzPrinter(f *testing.F) {
	var all []protoreflect.MessageDescriptor
	ours(func(d protoreflect.MessageDescriptor) { all = append(all, d) })
	slices.SortFunc(all, func(a, b protoreflect.MessageDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	for i, d := range all {
		m := dynamicpb.NewMessage(d)
		fill(m, 2)
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(i), b)
	}
	f.Fuzz(func(t *testing.T, which uint16, data []byte) {
		m := dynamicpb.NewMessage(all[int(which)%len(all)])
		if proto.Unmarshal(data, m) != nil {
			return
		}
		if text := redact.String(m); strings.Contains(text, planted) && !strings.Contains(string(m.Descriptor().FullName()), planted) && onlyPersonal(m.ProtoReflect()) {
			t.Errorf("printed %s", text)
		}
	})
}

// onlyPersonal reports whether the canary stands in personal fields only.
func onlyPersonal(m protoreflect.Message) bool {
	clean := true
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if redact.Personal(f) || f.IsMap() {
			return true
		}
		each := func(v protoreflect.Value) {
			switch {
			case f.Message() != nil:
				clean = clean && onlyPersonal(v.Message())
			case f.Kind() == protoreflect.StringKind:
				clean = clean && !strings.Contains(v.String(), planted)
			}
		}
		if f.IsList() {
			for i := range v.List().Len() {
				each(v.List().Get(i))
			}
		} else {
			each(v)
		}
		return clean
	})
	return clean
}
