// Package services holds no code; its test keeps the arrows between rooms.
package services

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "github.com/noticehub/noticehub/"

// siblings are the services; they never import each other.
var siblings = []string{"intake", "autoprocessing", "workitems", "adviceoutcome", "registry", "console", "audit"}

// imports lists what every Go file below a directory imports, by the file's path.
func imports(t *testing.T, dir string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			found[filepath.ToSlash(path)] = append(found[filepath.ToSlash(path)], strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no Go files below %s", dir)
	}
	return found
}

func TestServicesNeverImportEachOther(t *testing.T) {
	t.Parallel()
	for file, list := range imports(t, ".") {
		home := strings.Split(file, "/")[0]
		for _, i := range list {
			for _, s := range siblings {
				if home != s && slices.Contains(siblings, home) && (i == root+"services/"+s || strings.HasPrefix(i, root+"services/"+s+"/")) {
					t.Errorf("%s imports its sibling %s", file, i)
				}
			}
		}
	}
}

func TestEveryRoomKeepsToItsTools(t *testing.T) {
	t.Parallel()
	for file, list := range imports(t, ".") {
		if !slices.Contains(siblings, strings.Split(file, "/")[0]) || strings.HasSuffix(file, "_test.go") {
			continue
		}
		inside := func(rooms ...string) bool {
			for _, r := range rooms {
				if strings.Contains(file, "/internal/"+r+"/") {
					return true
				}
			}
			return false
		}
		rules := strings.Contains(file, "/internal/") && !inside("api", "events", "store")
		for _, i := range list {
			sql := strings.HasPrefix(i, "github.com/jackc/pgx") || i == "database/sql"
			contract := strings.HasPrefix(i, root+"proto/noticehub/") || strings.HasPrefix(i, "google.golang.org/protobuf") || strings.HasPrefix(i, "google.golang.org/grpc")
			switch {
			case strings.HasPrefix(i, "github.com/nats-io/"):
				t.Errorf("%s imports %s: NATS belongs to pkg/bus", file, i)
			case rules && (sql || contract):
				t.Errorf("%s imports %s: rules know neither SQL nor the wire", file, i)
			case inside("store") && contract:
				t.Errorf("%s imports %s: storage does not know the wire", file, i)
			case inside("store") && (strings.Contains(i, "/internal/api") || strings.Contains(i, "/internal/events")):
				t.Errorf("%s imports %s: the arrow goes the other way", file, i)
			case inside("api") && i == "github.com/jackc/pgx/v5/pgxpool":
				t.Errorf("%s imports %s: SQL belongs to store", file, i)
			}
		}
	}
}

func TestTheKitKnowsNoDomain(t *testing.T) {
	t.Parallel()
	for file, list := range imports(t, "../pkg") {
		for _, i := range list {
			if strings.HasPrefix(i, root+"proto") || strings.HasPrefix(i, root+"services") {
				t.Errorf("pkg/%s imports %s", file, i)
			}
		}
	}
	for file, list := range imports(t, "../proto") {
		for _, i := range list {
			if strings.HasPrefix(i, root+"pkg") || strings.HasPrefix(i, root+"services") {
				t.Errorf("proto/%s imports %s", file, i)
			}
		}
	}
}

func TestTestKitsStayInTests(t *testing.T) {
	t.Parallel()
	for file, list := range imports(t, ".") {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "pipelinetest/") {
			continue
		}
		for _, i := range list {
			if strings.HasSuffix(i, "/postgrestest") || strings.HasSuffix(i, "/bustest") || i == "testing" {
				t.Errorf("%s imports %s", file, i)
			}
		}
	}
}
