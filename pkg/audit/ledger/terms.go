package ledger

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/noticehub/noticehub/pkg/audit"
)

// fields are those of an entry that records can be found by.
type fields struct {
	action, object, result, actor []byte
	// customer is a detail of that name: the customer an entry about something else
	// concerns.
	customer []byte
}

// parse reads the fields of an entry's line; of a line that is no entry all are
// empty.
func parse(line []byte) fields {
	if f, ok := scan(line); ok {
		return f
	}
	var e audit.Entry
	if json.Unmarshal(line, &e) != nil {
		return fields{}
	}
	return fields{
		action: []byte(e.Action), object: []byte(e.Object), result: []byte(e.Result), actor: []byte(e.Actor),
		customer: []byte(e.Detail["customer"]),
	}
}

var (
	actionName   = []byte(`{"action":"`)
	objectName   = []byte(`,"object":"`)
	resultName   = []byte(`,"result":"`)
	reasonName   = []byte(`,"reason":"`)
	actorName    = []byte(`,"actor":"`)
	detailName   = []byte(`"detail":{`)
	customerName = []byte(`"customer":"`)
)

// scan reads a line as package audit writes it, without decoding what nobody asks
// for. It gives up on what is written in another way.
func scan(line []byte) (f fields, ok bool) {
	if bytes.IndexByte(line, '\\') >= 0 {
		return f, false
	}
	rest := line
	ok = true
	value := func(name []byte) []byte {
		if !bytes.HasPrefix(rest, name) {
			return nil
		}
		rest = rest[len(name):]
		end := bytes.IndexByte(rest, '"')
		if end < 0 {
			ok = false
			return nil
		}
		v := rest[:end]
		rest = rest[end+1:]
		return v
	}
	f.action = value(actionName)
	f.object = value(objectName)
	f.result = value(resultName)
	value(reasonName)
	f.actor = value(actorName)
	if i := bytes.Index(rest, detailName); i >= 0 {
		if j := bytes.Index(rest[i:], customerName); j >= 0 {
			rest = rest[i+j:]
			f.customer = value(customerName)
		}
	}
	return f, ok && len(f.action) > 0 && len(f.result) > 0
}

// Term names what a record can be found by. Different things may share a term:
// what was found must be compared with what was looked for.
type Term int64

// ActorTerm finds the records of an actor.
func ActorTerm(actor string) Term { return term("actor", actor) }

// MethodTerm finds the records of calls of a method.
func MethodTerm(method string) Term { return term("method", method) }

// ActionTerm finds the records with entries of an action.
func ActionTerm(action string) Term { return term("action", action) }

// RefusedTerm finds the records with refusals.
func RefusedTerm() Term { return term("result", string(audit.Refused)) }

// text is either form of a text.
type text interface{ ~string | ~[]byte }

// term is FNV-1a of the kind, a zero byte and the value.
func term[T text](kind string, value T) Term {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * prime
	}
	h *= prime // the zero byte
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	return Term(h)
}

// timeBits of an object's time in milliseconds are left out of its term: 64 ms.
const timeBits = 6

// ObjectTerm finds the records with entries about an object. Objects that are
// named by a UUID with a time in it, of one kind and made within 64 ms, share a
// term: 12 bits tell the kind, 36 the time in milliseconds (it comes round after
// two years, which harms nothing). So the hundreds of submissions of a record need
// a row or two of the index and not hundreds, and new rows land next to each other;
// a search reads the few records that were written about objects of that moment.
func ObjectTerm(object string) Term { return objectTerm([]byte(object)) }

func objectTerm(object []byte) Term {
	slash := bytes.LastIndexByte(object, '/')
	millis, ok := uuidTime(object[slash+1:])
	if !ok {
		return term("object", object)
	}
	kind := uint64(term("kind", object[:slash+1]))
	return Term(kind<<52 | (millis&(1<<36-1)>>timeBits)<<(16+timeBits))
}

// uuidTime is the first 48 bits of a UUID, which are its time in milliseconds in
// the versions we make.
func uuidTime(id []byte) (millis uint64, ok bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return 0, false
	}
	for i, c := range id[:13] {
		switch {
		case i == 8:
			continue
		case c-'0' < 10:
			c -= '0'
		case c-'a' < 6:
			c -= 'a' - 10
		default:
			return 0, false
		}
		millis = millis<<4 | uint64(c)
	}
	return millis, true
}

// terms are the distinct ones of a record, in order.
func terms(into []Term, actor, method string, entries [][]byte) []Term {
	into = append(into[:0], ActorTerm(actor))
	if method != "" {
		into = append(into, MethodTerm(method))
	}
	var last fields
	fresh := func(now, before []byte) bool { return len(now) > 0 && !bytes.Equal(now, before) }
	for _, line := range entries {
		f := parse(line)
		if fresh(f.action, last.action) {
			into = append(into, term("action", f.action))
		}
		if fresh(f.object, last.object) {
			if t := objectTerm(f.object); t != into[len(into)-1] {
				into = append(into, t)
			}
		}
		if fresh(f.customer, last.customer) {
			into = append(into, objectTerm(f.customer))
		}
		if fresh(f.actor, last.actor) {
			into = append(into, term("actor", f.actor))
		}
		if fresh(f.result, last.result) && string(f.result) == string(audit.Refused) {
			into = append(into, RefusedTerm())
		}
		last = f
	}
	slices.Sort(into)
	return slices.Compact(into)
}
