package securedtest

import "syscall"

// dieWithParent keeps a test that is killed from leaving services behind. The
// signal comes when the thread that started them ends, to which the test is locked.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
