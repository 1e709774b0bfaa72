package tree

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of what the log was at a time.
type Checkpoint struct {
	// Size is the number of entries.
	Size int64
	// Root is the hash of the tree over them.
	Root tlog.Hash
	// At is when it was signed, to the microsecond.
	At time.Time
	// Previous is the size of the checkpoint before this one, 0 for the first: no
	// checkpoint can be taken out unnoticed.
	Previous int64
}

// text is the body of the note: the lines of a C2SP checkpoint, with the log's
// name first, and two lines of our own.
func (c Checkpoint) text(name string) string {
	return name + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n" +
		"time " + c.At.UTC().Format(timeLayout) + "\nprevious " + strconv.FormatInt(c.Previous, 10) + "\n"
}

// Sign is the checkpoint as a signed note.
func (c Checkpoint) Sign(signer note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text(signer.Name())}, signer)
	return string(signed), err
}

var errCheckpoint = errors.New("tree: this is not a checkpoint of the audit log")

// OpenCheckpoint reads a signed checkpoint and checks the signature. A checkpoint
// has one form: one written in any other way is refused.
func OpenCheckpoint(signed string, verifier note.Verifier) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("tree: the checkpoint's signature does not hold: %w", err)
	}
	c, err := parse(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	signature, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return Checkpoint{}, errCheckpoint
	}
	again := c.text(verifier.Name()) + "\n— " + verifier.Name() + " " + base64.StdEncoding.EncodeToString(signature) + "\n"
	if again != signed {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 {
		return Checkpoint{}, errCheckpoint
	}
	var c Checkpoint
	var err1, err2, err3, err4 error
	c.Size, err1 = strconv.ParseInt(lines[1], 10, 64)
	c.Root, err2 = tlog.ParseHash(lines[2])
	c.At, err3 = time.Parse("time "+timeLayout, lines[3])
	c.Previous, err4 = strconv.ParseInt(strings.TrimPrefix(lines[4], "previous "), 10, 64)
	if errors.Join(err1, err2, err3, err4) != nil || c.Previous < 0 || c.Previous >= c.Size {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}
