package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is the length of a Unix socket's path that every system takes
// (Linux has 107 bytes, macOS 103).
const maxSocketPath = 103

// socketDir makes the private directory of the Unix socket: inside the site, or,
// where that path is too long, a folder of ours under /tmp with a name that
// depends on the site only, so that a server started again has the same address.
func (s site) socketDir() (string, error) {
	dir := filepath.Join(s.dir, "socket")
	if len(dir)+len("/.s.PGSQL.65535.lock") > maxSocketPath || strings.ContainsAny(dir, `,"' `) {
		sum := sha256.Sum256([]byte(s.dir))
		dir = "/tmp/pg-" + strconv.Itoa(s.account.uid) + "-" + hex.EncodeToString(sum[:6])
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", invalidDir("directory %s for the database's socket cannot be made", dir).Wrap(err)
	}
	if err := s.give(dir); err != nil {
		return "", err
	}
	// Somebody else may have been first in /tmp.
	info, err := os.Lstat(dir)
	if err != nil {
		return "", invalidDir("directory %s for the database's socket cannot be used", dir).Wrap(err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(owner.Uid) != s.account.uid || info.Mode().Perm() != 0o700 {
		return "", invalidDir("directory %s for the database's socket is not private to the server's user", dir)
	}
	return dir, nil
}

// openLog opens the server's log for appending and tells its present size.
func (s site) openLog() (*os.File, int64, error) {
	path := filepath.Join(s.dir, "server.log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		_ = os.Rename(path, path+".old") // else it just goes on growing
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, invalidDir("the database's log %s cannot be written", path).Wrap(err)
	}
	if err := s.give(path); err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		_ = f.Close()
		return nil, 0, invalidDir("the database's log %s cannot be used", path).Wrap(err)
	}
	return f, size, nil
}

// write makes a file anew that only the account can read.
func (s site) write(name, text string) error {
	path := filepath.Join(s.dir, name)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return invalidDir("%s cannot be replaced", path).Wrap(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return invalidDir("%s cannot be written", path).Wrap(err)
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return invalidDir("%s cannot be written", path).Wrap(err)
	}
	return s.give(path)
}

// empty removes what a killed server left in its socket directory: its lock file
// there names a process number that may by now be somebody else's.
func empty(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*")) // the pattern is well formed
	for _, path := range files {
		_ = os.Remove(path) // PostgreSQL complains clearly if it must
	}
}

// password of the superuser, for TCP.
func (s site) password() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "password"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// give hands a file made by root to the account, not following links.
func (s site) give(path string) error {
	if !s.account.drop {
		return nil
	}
	if err := os.Lchown(path, s.account.uid, s.account.gid); err != nil {
		return invalidDir("%s cannot be given to user %s", path, s.account.name).Wrap(err)
	}
	return nil
}
