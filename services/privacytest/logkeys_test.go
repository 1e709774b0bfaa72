package privacytest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/telemetry"
)

// Every attribute the code logs is on telemetry's list: one that is not would be
// logged as [hidden], and nobody would have decided whether it is personal.
func TestEveryLoggedAttributeIsKnown(t *testing.T) {
	t.Parallel()
	found := 0
	for _, root := range []string{"..", filepath.Join("..", "..", "pkg")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				for _, key := range keysOf(files, call) {
					found++
					if !telemetry.KnownKey(key) {
						t.Errorf("%s logs %q, which is not on the list of pkg/telemetry/keys.go", files.Position(call.Pos()), key)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 80 {
		t.Errorf("only %d attributes were found", found)
	}
}

// leading is how many arguments come before the attributes.
var leading = map[string]int{
	"With": 0, "Debug": 1, "Info": 1, "Warn": 1, "Error": 1,
	"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2, "Log": 3, "LogAttrs": 3,
}

var constructors = []string{"String", "Int", "Int64", "Uint64", "Bool", "Duration", "Time", "Any", "Float64"}

// keysOf are the attributes a call logs under literal keys.
func keysOf(files *token.FileSet, call *ast.CallExpr) (keys []string) {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	var receiver bytes.Buffer
	if err := printer.Fprint(&receiver, files, fun.X); err != nil {
		return nil
	}
	if receiver.String() == "slog" && slices.Contains(constructors, fun.Sel.Name) {
		return literal(call.Args[0])
	}
	skip, logs := leading[fun.Sel.Name]
	if !logs || !strings.HasSuffix(strings.ToLower(receiver.String()), "log") {
		return nil
	}
	for i := skip; i < len(call.Args); {
		key := literal(call.Args[i])
		if len(key) == 0 { // an attribute of its own
			i++
			continue
		}
		keys = append(keys, key...)
		i += 2
	}
	return keys
}

func literal(e ast.Expr) []string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		if s, err := strconv.Unquote(l.Value); err == nil {
			return []string{s}
		}
	}
	return nil
}
