package canary

import (
	"fmt"
	"regexp"
	"strings"
)

// labels are the labels metrics may have, with the shapes of their values. A label
// that is not here, or a value of another shape, could name a customer, a
// submission or a person, and would grow without end.
var labels = func() map[string]*regexp.Regexp {
	const (
		word    = `[a-z]+(?:[-_ ][a-z]+)*`
		upper   = `[A-Z]+(?:_[A-Z]+)*`
		camel   = `[A-Z][A-Za-z]*`
		decimal = `[0-9.e+-]+|\+Inf`
	)
	all := make(map[string]*regexp.Regexp)
	for name, shape := range map[string]string{
		"part": word, "service": word, "sweep": word, "relay": word, "consumer": word, "certificate": word, "listener": word,
		"stream": upper, "result": word, "kind": word, "state": word, "step": word,
		"reason": upper + "|" + word, "code": camel + "|[0-9]{3}",
		// Authorities are public bodies, and few.
		"authority": `frc|qld-cp|nt-cp|nt-spar`,
		"le":        decimal, "quantile": decimal, "version": `go[0-9.]+(?:-[A-Za-z0-9.:_-]+)?`,
	} {
		all[name] = regexp.MustCompile(`^(?:` + shape + `)$`)
	}
	return all
}()

var (
	sample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} `)
	label  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// lookAtLabels looks at the labels of all metrics, in the text form they are
// gathered in: each is on the list and each value of its shape.
func (s *stage) lookAtLabels(metrics string) {
	known := make(map[string]bool)
	for _, m := range methods() {
		known["/"+string(m.Parent().FullName())+"/"+string(m.Name())] = true
	}
	looked, odd := 0, make(map[string]bool)
	for _, line := range strings.Split(metrics, "\n") {
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			continue
		}
		for _, l := range label.FindAllStringSubmatch(parts[2], -1) {
			looked++
			name, value := l[1], l[2]
			fits := name == "method" && (known[value] || known["/"+value] || value == "unknown")
			if shape := labels[name]; shape != nil {
				fits = shape.MatchString(value)
			}
			if !fits {
				odd[fmt.Sprintf("metric %s has label %s=%q, which is not on the list of labels.go", parts[1], name, value)] = true
			}
		}
	}
	for what := range odd {
		s.problem("%s", what)
	}
	if looked < 500 {
		s.problem("only %d labels were looked at", looked)
	}
}
