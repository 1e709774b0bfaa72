package audit

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
)

const (
	// floodWindow is how long equal refusals are counted after the first.
	floodWindow = 5 * time.Second
	// floodTick is how often ended windows are looked for.
	floodTick = time.Second
	// floodEach refusals in a window are entries of their own when the caller is
	// known: enough to see what somebody tries. Of unknown callers only the first is.
	floodEach = 20
	// maxFloods bounds the windows open at a time, and so the memory and the
	// entries that floods of all sorts of refusals can cost.
	maxFloods = 1024
	// eachFloods are the windows of one known caller, and nobodyFloods those of all
	// unknown ones together: nobody can take all windows and so keep what others
	// try from being entries of their own.
	eachFloods, nobodyFloods = 32, maxFloods / 2
	// lump is the action of refusals of many sorts that are counted together.
	lump = "refusals"
)

// refusal is what makes refusals equal: not the object, which an attacker chooses.
type refusal struct{ actor, session, method, action, reason string }

// floods count equal refusals, so that nobody fills the log by being refused.
// What is counted is told in one entry at the end of the window, whose details
// say how many refusals it stands for. A crash loses the counts of open windows,
// never the first refusals, which are durable before their answers leave.
type floods struct {
	mu   sync.Mutex
	keys map[refusal]*flood
	held map[string]int // windows by actor, without lumps
}

func newFloods() floods { return floods{keys: make(map[refusal]*flood), held: make(map[string]int)} }

// open and shut keep keys and held together; the caller holds the lock.
func (f *floods) open(window *flood) {
	f.keys[window.refusal] = window
	if window.action != lump {
		f.held[window.actor]++
	}
}

func (f *floods) shut(key refusal) {
	delete(f.keys, key)
	if key.action == lump {
		return
	}
	if f.held[key.actor]--; f.held[key.actor] == 0 {
		delete(f.held, key.actor)
	}
}

// flood is an open window.
type flood struct {
	refusal
	ends    time.Time
	entries int   // written as entries of their own
	counted int64 // the others
	trace   string
	// first is closed when the fate of the first entry is known; those counted wait
	// for it. It is nil when there is none.
	first chan struct{}
	lost  bool // the first entry could not be written; set before first is closed
}

// admission says what becomes of the entries of a call.
type admission struct {
	// entries to be written now; the others are counted.
	entries []Entry
	// opened are windows whose first entry is among them.
	opened []*flood
	// joined are windows in which others are counted.
	joined []*flood
}

func (f *floods) admit(h header, entries []Entry, now time.Time) admission {
	a := admission{entries: entries}
	for i := range entries {
		if entries[i].Result != Refused {
			if len(a.joined) > 0 {
				a.entries = append(a.entries, entries[i])
			}
			continue
		}
		open, number := f.meet(h, &entries[i], now)
		if number == 0 {
			if len(a.joined) == 0 {
				a.entries = append(make([]Entry, 0, len(entries)), entries[:i]...)
			}
			a.joined = append(a.joined, open)
			continue
		}
		if len(a.joined) > 0 {
			a.entries = append(a.entries, entries[i])
		}
		if number == 1 {
			a.opened = append(a.opened, open)
		}
	}
	return a
}

// meet finds or opens the window of a refusal and numbers the refusals that get an
// entry of their own, from 1; 0 is one that was counted.
func (f *floods) meet(h header, e *Entry, now time.Time) (window *flood, number int) {
	actor := h.actor
	if e.Actor != "" {
		actor = e.Actor
	}
	key := refusal{actor: actor, session: h.session, method: h.method, action: e.Action, reason: e.Reason}
	each, most := floodEach, eachFloods
	if actor == nobody {
		each, most = 1, nobodyFloods
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	open := f.keys[key]
	// Too many sorts at once are counted together: those of one caller, or of all.
	switch {
	case open != nil:
	case f.held[actor] >= most:
		key, each = refusal{actor: actor, action: lump}, 0
		open = f.keys[key]
	case len(f.keys) >= maxFloods:
		key, each = refusal{actor: nobody, action: lump}, 0
		open = f.keys[key]
	}
	if open == nil {
		open = &flood{refusal: key, ends: now.Add(floodWindow)}
		if each > 0 {
			open.first = make(chan struct{})
		}
		f.open(open)
	}
	if open.entries < each {
		open.entries++
		return open, open.entries
	}
	open.counted++
	open.trace = h.trace
	return open, 0
}

// settle tells those counted in the windows whether the first entry is durable. A
// window without its first entry is closed: the next refusal is a first one again.
func (f *floods) settle(opened []*flood, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, open := range opened {
		open.lost = lost
		close(open.first)
		if lost && f.keys[open.refusal] == open {
			f.shut(open.refusal)
		}
	}
}

// take closes the windows that ended, or all.
func (f *floods) take(now time.Time, all bool) []*flood {
	f.mu.Lock()
	defer f.mu.Unlock()
	var counted []*flood
	for key, open := range f.keys {
		if all || !now.Before(open.ends) {
			f.shut(key)
			if open.counted > 0 {
				counted = append(counted, open)
			}
		}
	}
	return counted
}

// putBack keeps counts that could not be written for the next try.
func (f *floods) putBack(counted []*flood) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range counted {
		if open := f.keys[c.refusal]; open != nil {
			open.counted += c.counted
			continue
		}
		f.open(c)
	}
}

func (r *GroupRecorder) writeCounts(ctx context.Context, all bool) {
	counted := r.floods.take(r.clock.Now(), all)
	for len(counted) > 0 {
		n := min(len(counted), maxGroup)
		records := make([]record, n)
		for i, c := range counted[:n] {
			e := Entry{
				Action: c.action, Result: Refused, Reason: c.reason,
				Detail: map[string]string{"count": strconv.FormatInt(c.counted, 10)},
			}
			records[i] = record{
				id: clock.NewID(r.clock.Now()), service: r.writer.service, count: 1,
				header:  header{actor: plain(c.actor), method: plain(c.method), session: plain(c.session), trace: plain(c.trace)},
				entries: append(appendEntry(nil, &e), '\n'),
			}
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
		err := insertRecords(ctx, r.pool, records)
		cancel()
		if err != nil {
			r.log.Error("counts of refusals could not be written yet", "count", len(counted), "error", postgres.Classify(err).Error())
			r.floods.putBack(counted)
			return
		}
		counted = counted[n:]
	}
}
