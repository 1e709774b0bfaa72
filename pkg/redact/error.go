package redact

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// maxError bounds an error's text in bytes.
const maxError = 2000

// Error is an error's text without the values it quotes. PostgreSQL's errors
// keep their code and the names of what they concern: message, detail, hint and
// context quote rows. nil is "".
func Error(err error) (text string) {
	if err == nil {
		return ""
	}
	defer func() {
		if recover() != nil { // an Error method that is broken
			text = Hidden
		}
	}()
	text = err.Error()
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		text = strings.ReplaceAll(text, pg.Error(), database(pg))
	}
	return Text(text)
}

// database says what is safe of an error of PostgreSQL.
func database(e *pgconn.PgError) string {
	b := []string{"SQLSTATE " + e.Code}
	for _, part := range [...][2]string{{"constraint", e.ConstraintName}, {"table", e.TableName}, {"column", e.ColumnName}} {
		if part[1] != "" {
			b = append(b, part[0]+" "+part[1])
		}
	}
	return strings.Join(b, " ")
}

// What libraries put into their errors of the values they were given. Texts are
// looked at by pattern because by the time they are logged the error's type is gone.
var scrubs = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// pgconn.PgError, whose message quotes what could not be read.
	{regexp.MustCompile(`(?s)(?:ERROR|FATAL|PANIC|WARNING): .*? \(SQLSTATE (\w{5})\)`), "SQLSTATE $1"},
	{regexp.MustCompile(`(?s)(unable to encode ).*?( into )`), "${1}" + Hidden + "${2}"},
	{regexp.MustCompile(`(?s)(invalid value for \w+(?: \w+)* ?[\w.\[\]]*: ).*`), "${1}" + Hidden},
	{regexp.MustCompile(`"(?:[^"\\]|\\.)*"`), `"…"`},
	{regexp.MustCompile("`[^`]*`"), "`…`"},
	// Quotes begin after no letter: the apostrophe in "nobody's" is none.
	{regexp.MustCompile(`(^|[^\pL\pN])'[^']*'`), "${1}'…'"},
	// One that is not closed hides the rest.
	{regexp.MustCompile(`(?s)"[^"…][^"]*$`), `"…`},
	// Numbers of customers and days.
	{regexp.MustCompile(`\b[0-9]{9}[A-Z]\b`), Hidden},
	{regexp.MustCompile(`\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b`), "[day]"},
}

// Text is an error's text, or a text that was made from one, without quoted
// values, in one line.
func Text(s string) string {
	if len(s) > 4*maxError {
		s = s[:4*maxError]
	}
	for _, scrub := range scrubs {
		s = scrub.pattern.ReplaceAllString(s, scrub.with)
	}
	return shorten(Line(s), maxError)
}

// number is a customer's, wherever it stands.
var number = regexp.MustCompile(`\b[0-9]{9}[A-Z]\b`)

// Plain is a text of our own, an id, a name of a part, in one line and bounded,
// without a customer's number.
func Plain(s string) string {
	return shorten(Line(number.ReplaceAllString(s, Hidden)), maxError)
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Line makes one line of a text that moves no terminal's cursor: control
// characters, separators of lines, and marks of direction are written as \u1234.
func Line(s string) string {
	if !strings.ContainsFunc(s, acts) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s { // an invalid byte comes as U+FFFD
		if acts(r) {
			const digits = "0123456789abcdef"
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(digits[r>>shift&0xf])
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func acts(r rune) bool {
	return r < 0x10000 && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf))
}
