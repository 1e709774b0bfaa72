package postgres

import "path/filepath"

// access is who may connect to a local server. Whoever can reach the socket, in a
// folder private to the account, is the administrator anyway; services prove
// themselves by their own passwords.
const access = `# Written at each start.
local  all          ` + superuser + `                trust
local  replication  ` + superuser + `                trust
local  all          all                     scram-sha-256
host   all          all       127.0.0.1/32  scram-sha-256
host   all          all       ::1/128       scram-sha-256
`

// guard writes who may connect, also over what older versions or hands wrote.
func (s site) guard() error { return s.write(filepath.Join("data", "pg_hba.conf"), access) }
