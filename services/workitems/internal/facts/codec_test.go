package facts_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/noticehub/noticehub/services/workitems/internal/facts"
	"pgregory.net/rapid"
)

// full fills every field, lists with two elements, so that a field the codec
// forgets shows.
func full() facts.Customer {
	var c facts.Customer
	n := int64(0)
	fill(reflect.ValueOf(&c).Elem(), &n)
	return c
}

func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(*n * -12345)
	case reflect.String:
		v.SetString("value " + string(rune('A'+*n)))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("facts hold a field of another kind: " + v.Type().String())
	}
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []facts.Customer{full(), facts.Blank(), {}} {
		back, err := facts.Decode(facts.Encode(&c))
		if err != nil || !reflect.DeepEqual(*back, c) {
			t.Fatalf("%+v came back as %+v (%v)", c, back, err)
		}
	}
}

// Facts of version 1 had no keys of children.
func TestFormerFactsAreRead(t *testing.T) {
	t.Parallel()
	c := facts.Blank()
	c.Children = []facts.Child{{GivenName: "Mia", Born: 3}, {GivenName: "Noah", Born: 4}}
	former := facts.Encode(&c)
	// A key that is empty is one byte, its length.
	for _, name := range []string{"Mia", "Noah"} {
		i := bytes.Index(former, []byte(name)) + len(name) + 1
		former = slices.Delete(former, i, i+1)
	}
	former[0] = 1
	back, err := facts.Decode(former)
	if err != nil || !reflect.DeepEqual(*back, c) {
		t.Fatalf("%+v came back as %+v (%v)", c, back, err)
	}
}

func TestDamagedFactsAreRefused(t *testing.T) {
	t.Parallel()
	c := full()
	good := facts.Encode(&c)
	for n := range good {
		if _, err := facts.Decode(good[:n]); err == nil {
			t.Fatalf("%d of %d bytes were accepted", n, len(good))
		}
	}
	if _, err := facts.Decode(append(good, 0)); err == nil {
		t.Error("a byte too many was accepted")
	}
	good[0] = 9
	if _, err := facts.Decode(good); err == nil {
		t.Error("an unknown version was accepted")
	}
}

func TestSomeBytesNeverPanic(t *testing.T) {
	t.Parallel()
	c := full()
	good := facts.Encode(&c)
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte(nil), good...)
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			b[rapid.IntRange(1, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if back, err := facts.Decode(b); err == nil {
			if again, err := facts.Decode(facts.Encode(back)); err != nil || !reflect.DeepEqual(again, back) {
				t.Fatalf("%v is not stable: %v", b, err)
			}
		}
	})
}

func TestDays(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "1970-01-01", "1969-12-31", "2028-02-29"} {
		day, err := facts.Day(s)
		if err != nil || facts.Written(day) != s {
			t.Errorf("%q became %d, written %q (%v)", s, day, facts.Written(day), err)
		}
	}
	if _, err := facts.Day("2027-02-29"); err == nil {
		t.Error("an impossible date was accepted")
	}
}

func BenchmarkCodec(b *testing.B) {
	c := full()
	b.ReportAllocs()
	b.ReportMetric(float64(len(facts.Encode(&c))), "bytes")
	for b.Loop() {
		if _, err := facts.Decode(facts.Encode(&c)); err != nil {
			b.Fatal(err)
		}
	}
}
