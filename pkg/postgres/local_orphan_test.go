package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// alive reports whether a process runs; one that waits to be reaped does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	for ctx := background(t); alive(pid); {
		time.Sleep(10 * time.Millisecond)
		if ctx.Err() != nil {
			t.Fatalf("process %d lives on", pid)
		}
	}
}

// launcher is another process that runs a local server; see launch.
func launcher(t *testing.T, dir string) (process *osexec.Cmd, server int) {
	t.Helper()
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), launcherDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the launcher says %q", line)
	}
	return cmd, pid
}

func TestServerDiesWithLauncher(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	process, server := launcher(t, dir)
	if !alive(server) {
		t.Fatal("no server")
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// At once, while the old server may still be ending.
	l := startLocal(t, dir)
	if alive(server) {
		t.Error("the old server lives on")
	}
	exec(t, connect(t, l), "SELECT 1")
}

func TestLocalStopsOrphan(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	l := startLocal(t, dir)
	exec(t, connect(t, l), "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
	if err := l.Stop(background(t)); err != nil {
		t.Fatal(err)
	}
	orphan := daemon(t, dir)
	l = startLocal(t, dir)
	waitGone(t, orphan)
	if got := query[int](t, connect(t, l), "SELECT id FROM kept"); got != 1 {
		t.Error("row lost")
	}
}

// daemon starts a server in dir as no launcher would: nobody's child.
func daemon(t *testing.T, dir string) int {
	t.Helper()
	matches, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil || len(matches) == 0 {
		t.Fatalf("no pg_ctl: %v", err)
	}
	data := filepath.Join(dir, "data")
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(matches[len(matches)-1], "start", "-w", "-D", data, "-l", "/dev/null",
		"-o", "-c listen_addresses='' -c fsync=off -k "+filepath.Join(dir, "socket"))
	owner := info.Sys().(*syscall.Stat_t)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("pg_ctl: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// A killed server's children notice late when they are busy.
func TestLocalStopsBusyChildren(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	l := startLocal(t, dir)
	pool := connect(t, l)
	ctx, cancel := context.WithCancel(background(t))
	defer cancel()
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		_, _ = pool.Exec(ctx, "DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$")
	}()
	var worker int
	for worker == 0 {
		_ = pool.QueryRow(ctx, "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'").Scan(&worker)
		if ctx.Err() != nil {
			t.Fatal("the loop does not run")
		}
	}
	l.Kill()
	exec(t, connect(t, startLocal(t, dir)), "SELECT 1")
	if alive(worker) {
		t.Error("the busy child lives on")
	}
	cancel()
	<-busy
}

// After a restart of the machine or a container, a stale lock file may name a
// living process that is somebody else; we are one such.
func TestLocalStaleLockNamesOther(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	l := startLocal(t, dir)
	l.Kill()
	path := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(path, []byte("1\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	exec(t, connect(t, startLocal(t, dir)), "SELECT 1")
}

func TestLocalRedoesHalfMadeCluster(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for _, d := range []string{"initdb.KILLED", "initdb.KILLED/base"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "launcher.lock"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exec(t, connect(t, startLocal(t, dir)), "SELECT 1")
	if left, _ := filepath.Glob(filepath.Join(dir, "initdb.*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestLocalLongDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long", 40))
	l := startLocal(t, dir)
	exec(t, connect(t, l), "SELECT 1")
}
