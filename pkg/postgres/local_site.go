package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

// superuser of clusters made here; also what pg_hba.conf's "all" logs in as.
const superuser = "postgres"

// lockFile marks a directory as ours and, locked, as in use.
const lockFile = "launcher.lock"

// lockPatience is how long StartLocal waits for another launcher that is just
// ending.
const lockPatience = 3 * time.Second

// site is the directory of a local server and the account it belongs to.
type site struct {
	dir, data string
	account   account
}

// account is whom the server runs as. PostgreSQL refuses to run as root.
type account struct {
	name     string
	uid, gid int
	drop     bool // change to it; we are root
}

// openSite makes the directory and picks the account: ourselves, or, for root,
// whoever owns the data already, else postgres, else nobody.
func openSite(dir string) (site, error) {
	if dir == "" {
		return site{}, invalidDir("the local database needs a directory")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return site{}, invalidDir("directory %s cannot be used", dir).Wrap(err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return site{}, invalidDir("directory %s cannot be made", dir).Wrap(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return site{}, invalidDir("directory %s cannot be made", dir).Wrap(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return site{}, invalidDir("directory %s cannot be used", dir).Wrap(err)
	}
	if err := ours(dir); err != nil {
		return site{}, err
	}
	s := site{dir: dir, data: filepath.Join(dir, "data")}
	if s.account, err = pickAccount(s.data); err != nil {
		return site{}, err
	}
	if s.account.drop {
		if err := os.Chown(dir, s.account.uid, s.account.gid); err != nil {
			return site{}, invalidDir("directory %s cannot be given to user %s", dir, s.account.name).Wrap(err)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return site{}, invalidDir("directory %s belongs to somebody else", dir).Wrap(err)
	}
	return s, nil
}

// ours refuses a directory that holds something else: it is about to change
// hands, which would be fatal to, say, /tmp.
func ours(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return invalidDir("directory %s cannot be read", dir).Wrap(err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(dir, lockFile)); err != nil {
		return invalidDir("directory %s holds other things than a database of ours", dir).
			WithHelp("Name an empty or a new directory.")
	}
	return nil
}

func pickAccount(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{name: "of this process", uid: uid, gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			return account{name: strconv.Itoa(int(owner.Uid)), uid: int(owner.Uid), gid: int(owner.Gid), drop: true}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{name: name, uid: uid, gid: gid, drop: true}, nil
		}
	}
	return account{}, fault.New(fault.Precondition, "DATABASE_ACCOUNT_MISSING", "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as").
		WithHelp("Start as another user.")
}

// acquire takes the directory for this process, for as long as it lives. The
// kernel gives the lock back however the process ends.
func (s site) acquire(ctx context.Context) (*os.File, error) {
	path := filepath.Join(s.dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, invalidDir("directory %s cannot be written", s.dir).Wrap(err)
	}
	patience, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if patience.Err() != nil {
			holder, _ := os.ReadFile(path) // only to say who
			_ = f.Close()
			return nil, fault.New(fault.Precondition, "DATABASE_DIR_IN_USE", "the database in %s is run by another process (pid %s)", s.dir, strings.TrimSpace(string(holder))).
				WithHelp("Stop that process first, or use another directory.").Wrap(err)
		}
		time.Sleep(20 * time.Millisecond) // flock cannot wait with a limit
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, invalidDir("directory %s cannot be written", s.dir).Wrap(err)
	}
	return f, nil
}

// version that made the cluster; 0 when there is none yet.
func (s site) version() int {
	text, err := os.ReadFile(filepath.Join(s.data, "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return major
}

// initialise makes the cluster, with checksums, unless it exists. It is made
// aside and renamed, so a cluster is either whole or not there.
func (s site) initialise(ctx context.Context, bin binaries, noSync bool, log *slog.Logger) error {
	if s.version() != 0 {
		return nil
	}
	leftovers, _ := filepath.Glob(filepath.Join(s.dir, "initdb.*")) // the pattern is well formed
	for _, dir := range leftovers {
		if err := os.RemoveAll(dir); err != nil {
			log.Warn("left by an interrupted start and cannot be removed", "dir", dir, "error", err)
		}
	}
	if err := s.write("password", rand.Text()); err != nil {
		return err
	}
	aside := filepath.Join(s.dir, "initdb."+rand.Text()[:8])
	// Order of bytes: the same everywhere and the fastest. C.UTF-8 knows letters
	// beyond ASCII (for trigrams and upper/lower case) but not every system has it.
	var out []byte
	var err error
	for _, letters := range []string{"C.UTF-8", "C"} {
		args := []string{
			"-D", aside, "-U", superuser, "-E", "UTF8", "--data-checksums",
			"--lc-collate=C", "--lc-ctype=" + letters, "--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C",
			"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=" + filepath.Join(s.dir, "password"),
		}
		if noSync {
			args = append(args, "--no-sync")
		}
		cmd := exec.CommandContext(ctx, bin.initdb, args...)
		s.prepare(cmd)
		if out, err = output(cmd); err == nil || ctx.Err() != nil || !strings.Contains(string(out), "locale") {
			break
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return s.cannotRun(bin.initdb, err)
	}
	if err != nil {
		_ = os.RemoveAll(aside)
		return invalidDir("initdb could not make the database in %s: %s", s.dir, lastLine(out)).Wrap(err)
	}
	if err := os.Rename(aside, s.data); err != nil {
		return invalidDir("the new database cannot be moved to %s", s.data).Wrap(err)
	}
	log.Info("database made", "dir", s.dir, "version", bin.major)
	return syncDir(s.dir, noSync)
}

// cannotRun explains the usual trouble of a server that is not root: folders
// above the directory that only root can enter.
func (s site) cannotRun(program string, err error) error {
	return invalidDir("user %s cannot run %s in %s; every folder above both must be open to that user", s.account.name, program, s.dir).Wrap(err).
		WithHelp("Open the folders (chmod a+x) or choose another directory.")
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, line := range lines {
		if strings.Contains(line, "error:") || strings.Contains(line, "FATAL:") {
			return line
		}
	}
	return lines[len(lines)-1]
}

// syncDir makes the rename last.
func syncDir(dir string, noSync bool) error {
	if noSync {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return invalidDir("directory %s cannot be read", dir).Wrap(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil {
		return fault.New(fault.Unavailable, "DISK_FAILED", "directory %s cannot be synced", dir).Wrap(err)
	}
	return nil
}
