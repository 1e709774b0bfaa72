package postgres

import (
	"crypto/tls"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
)

// CheckTransport refuses a URL whose connections somebody between could read or
// answer, whether or not the files it names are there: every server that is neither a Unix socket nor a loopback address must
// be reached with sslmode=verify-full and channel_binding=require. Services call
// it at start, outside development.
func CheckTransport(url string) error {
	cfg, err := pgx.ParseConfig(withoutFiles(url))
	if err != nil {
		return parseFailed()
	}
	remote := false
	weak := func(host string, t *tls.Config) bool {
		if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
			return false
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
			return false
		}
		remote = true
		return t == nil || t.InsecureSkipVerify || t.ServerName == ""
	}
	open := weak(cfg.Host, cfg.TLSConfig)
	for _, f := range cfg.Fallbacks {
		open = weak(f.Host, f.TLSConfig) || open
	}
	if open || remote && cfg.ChannelBinding != "require" {
		return fault.New(fault.Precondition, "DATABASE_TRANSPORT", "the database on %s would be reached without proof that it is the one", cfg.Host).
			WithHelp("Add sslmode=verify-full&sslrootcert=/path/ca.pem&channel_binding=require to the database URL.")
	}
	return nil
}
