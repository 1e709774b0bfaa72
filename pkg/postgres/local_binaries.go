package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/noticehub/noticehub/pkg/fault"
)

// oldest is the first version whose SQL the services are written for.
const oldest = 15

// binaries of one installed version.
type binaries struct {
	initdb, postgres string
	major            int
}

// installed is where packagers put the server; none of these is in PATH.
var installed = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // Red Hat, from postgresql.org
	"/usr/local/pgsql/bin",              // built from source
	"/opt/homebrew/opt/postgresql*/bin", // macOS
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// findBinaries returns the newest server in dir, or else in PATH and the usual
// folders. A cluster made by version made (0: none yet) needs just that version.
func findBinaries(ctx context.Context, dir string, made int) (binaries, error) {
	dirs := []string{dir}
	if dir == "" {
		dirs = append(filepath.SplitList(os.Getenv("PATH")), globAll(installed)...)
	}
	var found []binaries
	for _, dir := range dirs {
		b := binaries{initdb: filepath.Join(dir, "initdb"), postgres: filepath.Join(dir, "postgres")}
		if _, err := exec.LookPath(b.initdb); err != nil || dir == "" {
			continue
		}
		out, err := exec.CommandContext(ctx, b.postgres, "--version").Output()
		if m := versionLine.FindSubmatch(out); err == nil && m != nil {
			b.major, _ = strconv.Atoi(string(m[1]))
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return b.major - a.major })
	for _, b := range found {
		if b.major == made || made == 0 && b.major >= oldest {
			return b, nil
		}
	}
	return binaries{}, missing(found, dir, made)
}

func globAll(patterns []string) []string {
	var all []string
	for _, p := range patterns {
		dirs, _ := filepath.Glob(p) // the patterns are well formed
		all = append(all, dirs...)
	}
	return all
}

func missing(found []binaries, dir string, made int) error {
	const reason = "DATABASE_PROGRAMS_MISSING"
	const help = "Install it with: apt-get install postgresql — or give the URL of a running server."
	where := "in PATH and the usual folders"
	if dir != "" {
		where = "in " + dir
	}
	switch {
	case made != 0:
		return fault.New(fault.Precondition, reason, "the database was made by PostgreSQL %d, whose programs initdb and postgres are not found %s", made, where).
			WithHelp(fmt.Sprintf("Install it with: apt-get install postgresql-%d — or start with an empty directory.", made))
	case len(found) > 0:
		return fault.New(fault.Precondition, reason, "PostgreSQL %d found %s is too old: version %d or later is needed; install it with: apt-get install postgresql", found[0].major, where, oldest).WithHelp(help)
	}
	return fault.New(fault.Precondition, reason, "the PostgreSQL server programs initdb and postgres (version %d or later) are not found %s; install them with: apt-get install postgresql", oldest, where).WithHelp(help)
}
