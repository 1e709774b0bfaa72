package redact

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Panicked is what may be told of a panic's value.
type Panicked string

// Panic tells a panic's value by its type. Only the runtime's own errors, which
// hold no data, tell more.
func Panic(p any) Panicked {
	if e, ok := p.(runtime.Error); ok && strings.HasPrefix(strings.TrimPrefix(fmt.Sprintf("%T", p), "*"), "runtime.") {
		return Panicked(Text(e.Error()))
	}
	return Panicked(fmt.Sprintf("a value of type %T", p))
}

// maxFrames of a stack are told.
const maxFrames = 48

// Stack is where the calling goroutine is, without arguments: a function, file
// and line each frame, innermost first, leaving out its own.
func Stack() string {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if b.Len() > 0 {
			b.WriteString(" < ")
		}
		b.WriteString(f.Function)
		b.WriteString(" ")
		b.WriteString(base(f.File))
		b.WriteString(":")
		b.WriteString(strconv.Itoa(f.Line))
		if !more {
			return b.String()
		}
	}
}

// base is a file with its folder: enough to find it, no path of the machine.
func base(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

var arguments = regexp.MustCompile(`\((?:\.\.\.|\{?0x[0-9a-f]|\{\})[^\n]*\)`)

// Frames takes the arguments out of a stack as runtime/debug prints it: they are
// words of memory, some of which are numbers people gave.
func Frames(stack string) string {
	stack = arguments.ReplaceAllString(strings.TrimSpace(stack), "()")
	return Line(strings.ReplaceAll(strings.ReplaceAll(stack, "\n\t", " "), "\n", " < "))
}
