package securedtest

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
)

// process is a service that runs.
type process struct {
	name string
	cmd  *exec.Cmd
	said *telemetrytest.Log
	done chan struct{} // closed when it has ended
	err  error         // how it ended
}

// command is a service's binary with settings, and nothing else of this process's
// environment but the paths.
func command(ctx context.Context, t *testing.T, service string, settings map[string]string, arguments ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, program(t, service), arguments...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		variable := name
		if strings.ToLower(name) == name {
			variable = "NOTICEHUB_" + strings.ToUpper(name)
		}
		cmd.Env = append(cmd.Env, variable+"="+settings[name])
	}
	return cmd
}

// run runs a service's binary to its end.
func run(t *testing.T, service string, settings map[string]string, arguments ...string) (said string, err error) {
	t.Helper()
	program(t, service) // building it is not what is timed
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := command(ctx, t, service, settings, arguments...).CombinedOutput()
	return string(out), err
}

// serve starts a service; it is stopped at the end of the test, in order.
func serve(t *testing.T, service string, settings map[string]string) *process {
	t.Helper()
	p := &process{name: service, cmd: command(context.Background(), t, service, settings), said: &telemetrytest.Log{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = dieWithParent()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends the service as an operator does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
		if p.err != nil {
			t.Errorf("%s ended with %v:\n%s", p.name, p.err, p.said)
		}
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.done
		t.Errorf("%s did not stop:\n%s", p.name, p.said)
	}
}

// ended reports whether the service ended by itself.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
