package lodge

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// Entry is one line of a journal: a submission the hub has receipted.
type Entry struct {
	// Reference is the authority's.
	Reference string `json:"reference"`
	// SubmissionID is the hub's.
	SubmissionID string `json:"submission_id"`
	// ContentHash is the receipt's, in hexadecimal.
	ContentHash string `json:"content_hash"`
}

// Journal is an append-only file of receipts. Each is on disk before Record
// returns.
type Journal struct {
	mu      sync.Mutex
	file    *os.File
	entries map[string]Entry
}

// OpenJournal opens or creates a journal and reads what it holds. A last line
// that a crash cut short is dropped; any other line that cannot be read is an
// error, because guessing would hide that a receipt is gone.
func OpenJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{file: file, entries: map[string]Entry{}}
	if err := j.read(); err != nil {
		file.Close()
		return nil, fmt.Errorf("journal %s cannot be read: %w; name another with --journal, or remove it to lodge everything again (references keep that harmless)", path, err)
	}
	return j, nil
}

func (j *Journal) read() error {
	in := bufio.NewReader(j.file)
	whole := int64(0)
	for line := 1; ; line++ {
		data, err := in.ReadBytes('\n')
		if err != nil {
			// What has no line end was being written when the program died.
			if err := j.file.Truncate(whole); err != nil {
				return err
			}
			_, err = j.file.Seek(whole, 0)
			return err
		}
		var e Entry
		if err := json.Unmarshal(data, &e); err != nil || e.Reference == "" || e.SubmissionID == "" {
			return fmt.Errorf("line %d is not an entry", line)
		}
		whole += int64(len(data))
		j.entries[e.Reference] = e
	}
}

// Record adds receipts; they are on disk when it returns.
func (j *Journal) Record(receipts ...*intakev1.Receipt) error {
	var data []byte
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range receipts {
		e := Entry{r.GetReference(), r.GetSubmissionId(), hex.EncodeToString(r.GetContentHash())}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		data = append(append(data, line...), '\n')
		j.entries[e.Reference] = e
	}
	if _, err := j.file.Write(data); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Missing are those of the submissions without a receipt in the journal.
func (j *Journal) Missing(all []*intakev1.Submission) []*intakev1.Submission {
	j.mu.Lock()
	defer j.mu.Unlock()
	var missing []*intakev1.Submission
	for _, s := range all {
		if _, ok := j.entries[s.GetReference()]; !ok {
			missing = append(missing, s)
		}
	}
	return missing
}

// Len is the number of receipts.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// Entries are all receipts by reference.
func (j *Journal) Entries() map[string]Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make(map[string]Entry, len(j.entries))
	for k, v := range j.entries {
		all[k] = v
	}
	return all
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }
