package audit

import (
	"embed"
	"io/fs"

	"github.com/noticehub/noticehub/pkg/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema holds the records and the log. Services that write name it in their
// own schema's With: their roles may insert records and nothing else.
func Schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // embedded
	}
	return postgres.Schema{Name: "audit", Role: "noticehub_audit", Writers: "noticehub_audit_writer", Migrations: files}
}
