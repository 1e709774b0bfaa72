package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"sync"

	"google.golang.org/protobuf/proto"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// receipt is a line of the journal.
type receipt struct {
	Authority  string `json:"authority"`
	Reference  string `json:"reference"`
	Submission string `json:"submission"`
	// Hash of the content, Digest of the whole receipt, hexadecimal.
	Hash   string `json:"hash"`
	Digest string `json:"digest"`
}

func (r receipt) key() string { return r.Authority + "/" + r.Reference }

func receiptOf(m *intakev1.Receipt) receipt {
	whole, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m) // it came off the wire just now
	digest := sha256.Sum256(whole)
	return receipt{m.GetAuthorityId(), m.GetReference(), m.GetSubmissionId(), hex.EncodeToString(m.GetContentHash()), hex.EncodeToString(digest[:])}
}

// journal is the witness: a line is on disk before the client goes on.
type journal[T any] struct {
	mu      sync.Mutex
	file    *os.File
	entries []T
}

func newJournal[T any](name string) (*journal[T], error) {
	file, err := os.Create(name)
	return &journal[T]{file: file}, err
}

func (j *journal[T]) add(all ...T) error {
	var lines []byte
	for _, r := range all {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(lines); err != nil {
		return err
	}
	j.entries = append(j.entries, all...)
	return j.file.Sync()
}

// Len is the number of entries.
func (j *journal[T]) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}
