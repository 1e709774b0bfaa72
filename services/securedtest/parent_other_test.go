//go:build !linux

package securedtest

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }
