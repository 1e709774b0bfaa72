package postgrestest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// victim, in the environment, makes this program print its server's process
// number in the middle of a test and wait to be killed.
const victim = "POSTGRESTEST_VICTIM"

func TestMain(m *testing.M) { postgrestest.Main(m) }

func schema(name string) postgres.Schema {
	return postgres.Schema{Name: name, Role: name + "_service", Migrations: fstest.MapFS{
		"0001_note.sql": {Data: []byte("-- +goose Up\nCREATE TABLE note (text text NOT NULL);")},
	}}
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for i := range 6 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			pool := postgrestest.Pool(t, schema("one"), schema("two"))
			if _, err := pool.Exec(ctx, "INSERT INTO note VALUES ($1)", strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
			var role, text string
			var rows int
			if err := pool.QueryRow(ctx, "SELECT current_user, min(text), count(*) FROM note").Scan(&role, &text, &rows); err != nil {
				t.Fatal(err)
			}
			if role != "one_service" || text != strconv.Itoa(i) || rows != 1 {
				t.Errorf("role %s sees %d rows, first %q", role, rows, text)
			}
		})
	}
}

func TestDatabaseIsGoneAfterTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = postgrestest.URL(t, schema("one"))
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		if _, err := conn.Exec(t.Context(), "SELECT FROM one.note"); err != nil {
			t.Error(err)
		}
	})
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		conn.Close(t.Context())
		t.Error("the database is still there")
	}
}

func TestVictim(t *testing.T) {
	if os.Getenv(victim) == "" {
		return // only a part of TestServerDiesWithTestProcess
	}
	var pid int
	conn, err := pgx.Connect(t.Context(), postgrestest.URL(t, schema("one")))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	var dir string
	if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	fmt.Println("victim", pid, dir)
	select {}
}

func TestServerDiesWithTestProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victim+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	lines := bufio.NewScanner(out)
	for pid == 0 && lines.Scan() {
		_, _ = fmt.Sscanf(lines.Text(), "victim %d %s", &pid, &dir) // other lines do not fit
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if pid == 0 {
		t.Fatal("the victim had no database")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the server outlived its test process")
		}
	}
	// The next process sweeps what it left.
	sweep := exec.Command(os.Args[0], "-test.run=^TestDatabaseIsGoneAfterTest$")
	if text, err := sweep.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err := os.Stat(filepath.Dir(dir)); err == nil {
		t.Errorf("%s was not swept", dir)
	}
}

func BenchmarkPool(b *testing.B) {
	for b.Loop() {
		pool := postgrestest.Pool(b, schema("one"), schema("two"))
		pool.Close()
	}
}

func BenchmarkURL(b *testing.B) {
	for b.Loop() {
		postgrestest.URL(b, schema("one"))
	}
}
