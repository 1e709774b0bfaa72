package privacytest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// auditDocument tells of every action in the audit log.
var auditDocument = filepath.Join("..", "..", "deploy", "AUDIT.md")

var row = regexp.MustCompile("(?m)^\\| `([a-z][a-z_-]*(?:\\.[a-z][a-z_-]*)?)` \\|")

// documented are the actions that have a row in the document.
func documented(t testing.TB) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(auditDocument)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if found[m[1]] {
			t.Errorf("%s stands twice in AUDIT.md", m[1])
		}
		found[m[1]] = true
	}
	return found
}

// made are actions that the code puts together: by their first part. Which there
// are, the canary's hub shows.
var made = []string{"notice.", "access.", "refusals"}

// read is how the door names reads of a kind of object.
const read = ".read"

// An action is what is given to a field or a key named so, or to a function that
// makes an entry of it.
var makers = []string{"Entry", "about", "ofItem", "hold", "AccessStep"}

// TestEveryActionIsDocumented: each action written in the code has its row in
// AUDIT.md, and each row is of an action in the code.
func TestEveryActionIsDocumented(t *testing.T) {
	t.Parallel()
	rows, used := documented(t), make(map[string]bool)
	for _, root := range []string{"..", filepath.Join("..", "..", "pkg")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			for _, action := range actionsOf(file) {
				used[action] = true
				if !rows[action] {
					t.Errorf("%s writes %q, which has no row in AUDIT.md", path, action)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for action := range rows {
		made := slices.ContainsFunc(made, func(prefix string) bool { return strings.HasPrefix(action, prefix) })
		if !used[action] && !made && !strings.HasSuffix(action, read) {
			t.Errorf("AUDIT.md tells of %q, which no code writes", action)
		}
	}
	if len(used) < 40 {
		t.Errorf("only %d actions were found", len(used))
	}
}

var actionForm = regexp.MustCompile(`^(?:signin|[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*)$`)

// actionsOf are the literals of a file that are actions by where they stand.
func actionsOf(file *ast.File) (actions []string) {
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil && actionForm.MatchString(s) {
				actions = append(actions, s)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Action" || key.Name == "does") {
				add(n.Value)
			}
			if key, ok := n.Key.(*ast.SelectorExpr); ok && file.Name.Name == "store" && key.Sel.Name != "" {
				add(n.Value) // a map from steps to actions
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "Action" {
					add(n.Rhs[min(i, len(n.Rhs)-1)])
				}
			}
		case *ast.CallExpr:
			name := ""
			switch fun := n.Fun.(type) {
			case *ast.Ident:
				name = fun.Name
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			}
			if slices.Contains(makers, name) {
				for _, argument := range n.Args {
					add(argument)
				}
			}
		}
		return true
	})
	return actions
}
