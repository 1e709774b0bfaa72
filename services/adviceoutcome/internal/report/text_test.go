package report

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\n\r\t\x00\x1f\x7f", "é\u2028\u2029😀", "\xff\xc3(", "a\xf0\x9f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		var got string
		encoded := appendString([]byte("x"), s)[1:]
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatalf("%q: %v", encoded, err)
		}
		standard, _ := json.Marshal(string(s))
		var want string
		_ = json.Unmarshal(standard, &want)
		if got != want {
			t.Errorf("%q came back as %q, encoding/json gives %q", s, got, want)
		}
		if bytes.ContainsAny(encoded, "\n\r\u2028\u2029") {
			t.Errorf("%q has a raw line break", encoded)
		}
	})
}

func TestTimesAndIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "micros"))
		if got, want := string(appendTime(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("%v is %s, want %s", at, got, want)
		}
		id := IDOf("frc", 0)
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got := string(appendID(nil, id)); got != id.String() {
			t.Errorf("id %s, want %s", got, id)
		}
	})
}
