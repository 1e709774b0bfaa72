// Package csvtext writes text into CSV cells that people open in spreadsheets.
//
// It guarantees that a cell reads back as one cell whatever is in it (RFC 4180),
// and that no cell is run as a formula. What the columns are is the caller's.
package csvtext

// breaks marks the bytes that make a cell need quotes (RFC 4180, 2.6).
var breaks = [256]bool{'"': true, ',': true, '\r': true, '\n': true}

// AppendCell appends a cell. One that a spreadsheet would take for a formula
// gets a leading apostrophe, which shows it as text.
func AppendCell[T ~string | ~[]byte](b []byte, s T) []byte {
	if len(s) == 0 {
		return b
	}
	quoted := false
	for i := range len(s) {
		if breaks[s[i]] {
			quoted = true
			break
		}
	}
	formula := false
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		formula = true
	}
	if !quoted {
		if formula {
			b = append(b, '\'')
		}
		return append(b, s...)
	}
	b = append(b, '"')
	if formula {
		b = append(b, '\'')
	}
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// AppendRow appends a row of cells with its line end.
func AppendRow(b []byte, cells ...string) []byte {
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendCell(b, c)
	}
	return append(b, '\r', '\n')
}
