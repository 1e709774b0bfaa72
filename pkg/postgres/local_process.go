package postgres

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a direct child that dies with us.
type process struct {
	pid  int
	os   *os.Process
	done chan struct{} // closed when it has ended
	err  error         // why; valid after done
}

// spawn starts cmd. The kernel's "signal me when my parent dies" really means
// the parent's thread, so one thread stays with the child until it has ended.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid, p.os = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// signal sends sig; a process that has ended is left alone.
func (p *process) signal(sig syscall.Signal) {
	_ = p.os.Signal(sig) // fails only when it has ended: nothing left to do
}

func (p *process) kill() {
	p.signal(syscall.SIGQUIT) // takes the server's own children along
	<-p.done
}

// output runs cmd to its end.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // a killed program's children may keep the pipe open
	p, err := spawn(cmd)
	if err != nil {
		return nil, err
	}
	<-p.done
	return out.Bytes(), p.err
}

// prepare makes cmd run as the site's account, in its directory, in a process
// group of its own (so that Ctrl-C reaches us and not it), and die with us.
func (s site) prepare(cmd *exec.Cmd) {
	cmd.Dir = s.dir
	cmd.Env = environment()
	attr := &syscall.SysProcAttr{Setpgid: true}
	if s.account.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(s.account.uid), Gid: uint32(s.account.gid)}
	}
	dieWithParent(attr)
	cmd.SysProcAttr = attr
}

// environment without our secrets and without settings meant for clients; the
// dynamic loader's variables stay, servers outside the usual places need them.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "PATH=") || strings.HasPrefix(v, "LD_") || strings.HasPrefix(v, "DYLD_") {
			env = append(env, v)
		}
	}
	return env
}
