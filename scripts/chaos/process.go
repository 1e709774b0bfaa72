package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a child that can be killed and started again. One that ends by
// itself is started again, as a supervisor would.
type process struct {
	name    string
	log     string
	command []string
	env     []string

	mu     sync.Mutex
	life   *life
	wanted bool
	exits  int // how often it ended by itself
}

// life is one run of the program.
type life struct {
	child *exec.Cmd
	ended chan struct{}
	from  int64 // where its log begins
	armed bool  // it is to die at a crash point
}

// respawn is the pause before a process that ended by itself is started again.
const respawn = 300 * time.Millisecond

// start starts the child, with further settings for this life only; with any,
// it is left alone when it dies.
func (p *process) start(extra ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	return p.spawn(extra)
}

// spawn needs the lock.
func (p *process) spawn(extra []string) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	l := &life{child: exec.Command(p.command[0], p.command[1:]...), ended: make(chan struct{}), armed: len(extra) > 0}
	if info, err := log.Stat(); err == nil {
		l.from = info.Size()
	}
	l.child.Env = append(append(os.Environ(), p.env...), extra...)
	l.child.Stdout, l.child.Stderr = log, log
	l.child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		// The kernel's "when the parent dies" means the parent's thread, so one
		// thread stays with the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := l.child.Start()
		started <- err
		if err != nil {
			return
		}
		_ = l.child.Wait() // how it ended is in its log
		close(l.ended)
		p.replace(l)
	}()
	if err := <-started; err != nil {
		return err
	}
	p.life = l
	return nil
}

// replace starts a process again that ended by itself.
func (p *process) replace(l *life) {
	p.mu.Lock()
	unasked := p.wanted && p.life == l && !l.armed
	if unasked {
		p.exits++
	}
	p.mu.Unlock()
	if !unasked {
		return
	}
	time.Sleep(respawn)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted && p.life == l {
		if err := p.spawn(nil); err != nil {
			say("%s cannot be started: %v", p.name, err)
		}
	}
}

// strike is kill -9 that waits for nothing.
func (p *process) strike() {
	p.mu.Lock()
	p.wanted = false
	p.mu.Unlock()
	p.signal(syscall.SIGKILL)
}

// kill is kill -9; it returns when the child is gone.
func (p *process) kill() {
	p.strike()
	p.wait(time.Minute)
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life != nil {
		_ = p.life.child.Process.Signal(s) // it may be gone already
	}
}

// wait reports whether the child ended within the time.
func (p *process) wait(limit time.Duration) bool {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	if l == nil {
		return true
	}
	select {
	case <-l.ended:
		return true
	case <-time.After(limit):
		return false
	}
}

// said reports whether the present life has written something to its log.
func (p *process) said(text string) bool {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	log, err := os.ReadFile(p.log)
	return err == nil && l != nil && int64(len(log)) > l.from && bytes.Contains(log[l.from:], []byte(text))
}
