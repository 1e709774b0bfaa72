package session

import (
	"net/url"
	"strings"
)

// maxPath is the longest return path.
const maxPath = 512

// harmless are the characters a return path may have besides letters and digits.
const harmless = "/-._~!$&()*+,=:@%?"

// LocalPath reports whether a text is a path of the console itself, to go to
// after signing in: it begins with one slash and names no host, whatever a
// browser makes of it. The pages of signing in are not gone back to.
func LocalPath(path string) bool {
	if len(path) > maxPath || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/signin") || strings.HasPrefix(path, "/signout") {
		return false
	}
	for _, c := range []byte(path) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte(harmless, c) < 0 {
			return false
		}
	}
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	// Decoded too: nothing on the way may see two slashes, a backslash or a step up.
	for _, p := range []string{u.EscapedPath(), u.Path} {
		if strings.Contains(p, "//") || strings.Contains(p, `\`) || strings.Contains(p+"/", "/../") || strings.Contains(p+"/", "/./") {
			return false
		}
	}
	return !strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' || r == 0x7f })
}
