package access

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// short heads a role's column.
func short(role string) string {
	words := map[string]string{
		"contact-officer": "contact", "impact-officer": "IMPACT", "restricted-access-officer": "restr. access",
		"social-worker": "social worker", "social-work-manager": "s.w. manager",
	}
	if w, ok := words[role]; ok {
		return w
	}
	return role
}

// marks are how the matrix writes a scope.
var marks = map[Scope]string{Own: "own", AllButRestricted: "unrestr.", Opened: "unrestr.", All: "all", NoCustomers: "yes"}

// WriteDocument writes the table for people, as Markdown.
func (b *Book) WriteDocument(out io.Writer) error {
	var d strings.Builder
	d.WriteString(`# Who may call what

Made from services/internal/access/access.yaml; do not edit. Regenerate with
` + "`go test ./services/internal/access -update`" + `; a test compares.

Nobody may call what is not marked here. A call without credentials, or with ones
that are not accepted, is UNAUTHENTICATED; a caller without a mark gets
PERMISSION_DENIED (METHOD_DENIED) before the call is decoded. Both leave an audit entry.

| mark | reaches |
|---|---|
| own | what is the caller's own: an authority's submissions, disclosures and reports, an officer's items. What is somebody else's is answered exactly like what is not there |
| unrestr. | every record; of a restricted one only what is shown without opening it |
| opened | every record; a restricted one only while it is open to the officer, by OpenRestrictedRecord with its reason |
| all | every record |
| yes | there is nothing about a customer in it |
| * | some fields of the replies are masked, see below |

Whatever the mark, a record about which a conflict of interest is declared for an
officer (DeclareConflict) is shut to that officer, with its submissions, work items
and activities: lists mask them, the rest is refused as CONFLICT_OF_INTEREST.

## Roles

| role | what for |
|---|---|
`)
	for _, r := range b.Roles {
		fmt.Fprintf(&d, "| %s | %s |\n", r.Name, r.Duty)
	}
	d.WriteString(`
A person needs one of the roles; with several, what any of those that allow the call
sees is seen. A person without a role may call nothing.

## Matrix

W marks methods that leave an audit entry of a change, R those whose replies hold
personal data and leave an entry of the read before they are sent.
`)
	service := ""
	for i := range b.Rows {
		row := &b.Rows[i]
		if row.Service() != service {
			service = row.Service()
			fmt.Fprintf(&d, "\n### %s\n\n| method | | authority |", service)
			for _, r := range b.Roles {
				fmt.Fprintf(&d, " %s |", short(r.Name))
			}
			d.WriteString(" services |\n|---|---|---|" + strings.Repeat("---|", len(b.Roles)) + "---|\n")
		}
		b.line(&d, row)
	}
	b.masks(&d)
	b.reasons(&d)
	_, err := io.WriteString(out, d.String())
	return err
}

func name(row *Row) string { return strings.TrimPrefix(row.Method, "/"+row.Service()+"/") }

func (b *Book) line(d *strings.Builder, row *Row) {
	kind := ""
	if row.Writes {
		kind += "W"
	}
	if row.Reads {
		kind += "R"
	}
	own := ""
	if row.Authorities {
		own = "own"
	}
	fmt.Fprintf(d, "| %s | %s | %s |", name(row), kind, own)
	for _, r := range b.Roles {
		mark := ""
		if slices.Contains(row.Roles, r.Name) {
			mark = marks[row.Scope]
			switch {
			case r.Name != Restricted:
			case row.Scope == AllButRestricted:
				mark = marks[All]
			case row.Scope == Opened:
				mark = "opened"
			}
			if len(row.Masks[r.Name]) > 0 {
				mark += " *"
			}
		}
		fmt.Fprintf(d, " %s |", mark)
	}
	fmt.Fprintf(d, " %s |\n", strings.Join(row.Services, ", "))
}

// Restricted is the role that decides on restricted records.
const Restricted = "restricted-access-officer"

func (b *Book) masks(d *strings.Builder) {
	d.WriteString("\n## Masks\n\nThese fields of the replies are empty for the role.\n\n| method | role | fields |\n|---|---|---|\n")
	for i := range b.Rows {
		row := &b.Rows[i]
		for _, role := range slices.Sorted(maps.Keys(row.Masks)) {
			fmt.Fprintf(d, "| %s | %s | %s |\n", name(row), role, strings.Join(row.Masks[role], ", "))
		}
	}
}

func (b *Book) reasons(d *strings.Builder) {
	d.WriteString("\n## Reasons\n\n| method | why |\n|---|---|\n")
	for i := range b.Rows {
		fmt.Fprintf(d, "| %s | %s |\n", name(&b.Rows[i]), b.Rows[i].Why)
	}
}
