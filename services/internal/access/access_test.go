package access

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/identity"
)

var update = flag.Bool("update", false, "write deploy/AUTHORIZATION.md instead of comparing it")

func book(t *testing.T) *Book {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheDocumentIsOfThisTable(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := book(t).WriteDocument(&want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "..", "deploy", "AUTHORIZATION.md")
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the table makes (%v): run this test with -update", path, err)
	}
}

// What is in the .proto files counts, not what happens to be linked.
func TestEveryServiceOfTheContractIsLinked(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "proto", "noticehub", "*", "*", "*.proto"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no contract: %v", err)
	}
	linked := map[string]int{}
	for _, s := range contract() {
		linked[string(s.FullName())] = s.Methods().Len()
	}
	pkg, service, method := regexp.MustCompile(`(?m)^package (\S+);`), regexp.MustCompile(`(?m)^service (\w+) \{`), regexp.MustCompile(`(?m)^  rpc \w+\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := service.FindAllSubmatchIndex(text, -1)
		for i, at := range found {
			full := string(pkg.FindSubmatch(text)[1]) + "." + string(text[at[2]:at[3]])
			end := len(text)
			if i+1 < len(found) {
				end = found[i+1][0]
			}
			if n := len(method.FindAll(text[at[0]:end], -1)); n == 0 || linked[full] != n {
				t.Errorf("%s has %d methods in %s, %d linked", full, n, file, linked[full])
			}
		}
	}
}

func TestTableOfServices(t *testing.T) {
	t.Parallel()
	table := Table("noticehub.processing.v1.QueueService", "noticehub.processing.v1.DisclosureService")
	if len(table) != 12 {
		t.Errorf("%d rules", len(table))
	}
	authority := identity.Caller{Kind: identity.Authority, ID: "frc"}
	if table.Check("/noticehub.processing.v1.DisclosureService/GetDisclosure", authority) != nil || table.Check("/noticehub.processing.v1.QueueService/Claim", authority) == nil {
		t.Error("the rules are not those of the table")
	}
	for _, caller := range []identity.Caller{{Kind: identity.Person, ID: "x"}, {Kind: identity.Person, ID: "x", Roles: []string{"root"}}, {Kind: identity.Service, ID: "nobody"}, {}} {
		for i := range book(t).Rows {
			if row := &book(t).Rows[i]; row.Rule().Allows(caller) {
				t.Errorf("%v may call %s", caller, row.Method)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a service that is not there has a table")
		}
	}()
	Table("noticehub.intake.v1.NoSuchService")
}

func TestUnseenIsWhatNoneOfTheRolesSees(t *testing.T) {
	t.Parallel()
	row, ok := book(t).Row("/noticehub.registry.v1.RegistryService/GetCustomer")
	if !ok {
		t.Fatal("no row")
	}
	person := func(roles ...string) []string {
		return row.Unseen(identity.Caller{Kind: identity.Person, ID: "x", Roles: roles})
	}
	if !slices.Contains(person("auditor"), "customer.name") || !slices.Contains(person("auditor", "administrator"), "customer.name") {
		t.Error("an auditor sees the name")
	}
	if len(person("auditor", "officer")) != 0 || len(person("officer")) != 0 {
		t.Error("an officer does not see all")
	}
}

func TestMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	good := string(file)
	swap := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the table has no %q any more", old)
		}
		return strings.Replace(good, old, by, 1)
	}
	for want, text := range map[string]string{
		"has no row":                        swap("\n    Submit:\n", "\n    Other:\n"),
		"is no method of the contract":      swap("\n    Submit:\n", "\n    Other:\n"),
		"is no service of the contract":     swap("v1.IntakeService:", "v1.OutService:"),
		`role "clerk" is unknown`:           swap("roles: [supervisor],", "roles: [clerk],"),
		`service "ghost" is unknown`:        swap("services: [autoprocessing],", "services: [ghost],"),
		"nobody may call it":                swap("{services: [feeder], scope: all, effect: write", "{effect: write"),
		"is no single text":                 swap("object: submission.reference", "object: submission.nothing"),
		"is no text or number of":           swap("shown: outcomes.submission_id", "shown: outcomes.outcome"),
		"is no field of":                    swap("outcomes.note]", "outcomes.notes]"),
		"which may not call it":             swap("masks: {auditor: [outcomes.crn", "masks: {officer: [outcomes.crn"),
		"hides what entries name":           swap("outcomes.note]", "outcomes.submission_id]"),
		"must be read or write":             swap("effect: write", "effect: both"),
		"scope \"some\" is unknown":         swap("scope: all but restricted", "scope: some"),
		"they reach their own, or nothing":  swap("{authorities: own", "{authorities: all"),
		"say why":                           swap(`why: "What the codes mean."`, `why: ""`),
		"field masc not found":              swap("masks:", "masc:"),
		"has the name of a role":            swap("  staff: [officers", "  auditor: [officers]\n  staff: [officers"),
		"contains itself":                   swap("officers: [contact-officer,", "officers: [staff, contact-officer,"),
		"an entry of a read must name some": swap("object: submission_id, shown: submission.receipt.submission_id,", ""),
		"already defined":                   swap("\n    Submit:\n", "\n    GetSubmission: {}\n    Submit:\n"),
	} {
		if _, err := read([]byte(text), contract()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
