package main

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a child that can be killed and started again.
type process struct {
	name    string
	log     string
	command []string
	env     []string

	mu    sync.Mutex
	child *exec.Cmd
	ended chan struct{}
}

// start starts the child, with further settings for this life only.
func (p *process) start(extra ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	child := exec.Command(p.command[0], p.command[1:]...)
	child.Env = append(append(os.Environ(), p.env...), extra...)
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := child.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.child, p.ended = child, ended
	go func() {
		_ = child.Wait() // how it ended is in its log
		close(ended)
	}()
	return nil
}

// kill is kill -9; it returns when the child is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	p.wait(time.Minute)
}

func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		_ = p.child.Process.Signal(s) // it may be gone already
	}
}

// wait reports whether the child ended within the time.
func (p *process) wait(limit time.Duration) bool {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended == nil {
		return true
	}
	select {
	case <-ended:
		return true
	case <-time.After(limit):
		return false
	}
}
