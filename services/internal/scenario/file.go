package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protojson"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// file is the name of a bulk's file.
func (b bulk) file() string {
	return fmt.Sprintf("phase-%d-%d-%s.ndjson", b.phase+1, b.round+1, b.authority)
}

// WriteFiles writes one NDJSON file for each bulk, in the contract's JSON form.
// The same world gives the same bytes.
func (w *World) WriteFiles(dir string) error {
	for _, b := range w.all() {
		var text bytes.Buffer
		for _, l := range b.lodgings {
			if err := writeLine(&text, l.Submission); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, b.file()), text.Bytes(), 0o600); err != nil {
			return fmt.Errorf("submissions: %w", err)
		}
	}
	return nil
}

// writeLine writes compact JSON, because the JSON form's white space differs
// from run to run.
func writeLine(out *bytes.Buffer, s *intakev1.Submission) error {
	text, err := protojson.Marshal(s)
	if err == nil {
		err = json.Compact(out, text)
	}
	if err != nil {
		return fmt.Errorf("submission %s: %w", s.GetReference(), err)
	}
	return out.WriteByte('\n')
}
