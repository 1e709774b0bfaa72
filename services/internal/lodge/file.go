// Package lodge is the client side of lodging many submissions: it reads them
// from files, keeps a journal of receipts that survives a crash, and streams
// them with a bounded number unanswered.
package lodge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// ReadFile reads submissions, in the contract's JSON form, from a file ("-" is
// standard input): NDJSON (a submission a line) or YAML (one or several
// documents, each a submission or a list of them). Every submission needs a
// reference, and no reference may stand twice.
func ReadFile(path string) ([]*intakev1.Submission, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("submissions: %w", err)
		}
		defer file.Close()
		in = file
	}
	submissions, err := Read(in)
	if err != nil {
		return nil, fmt.Errorf("submissions in %s: %w", path, err)
	}
	return submissions, nil
}

// Read is ReadFile for a reader.
func Read(in io.Reader) ([]*intakev1.Submission, error) {
	buffered := bufio.NewReaderSize(in, 1<<16)
	head, _ := buffered.Peek(512) // a short file is no error
	var documents [][]byte
	var err error
	if strings.HasPrefix(strings.TrimSpace(string(head)), "{") {
		documents, err = lines(buffered)
	} else {
		documents, err = yamlDocuments(buffered)
	}
	if err != nil {
		return nil, err
	}
	submissions := make([]*intakev1.Submission, 0, len(documents))
	seen := make(map[string]int, len(documents))
	for i, d := range documents {
		s := new(intakev1.Submission)
		if err := protojson.Unmarshal(d, s); err != nil {
			return nil, fmt.Errorf("submission %d: %w", i+1, err)
		}
		if s.GetReference() == "" {
			return nil, fmt.Errorf("submission %d has no reference", i+1)
		}
		if first, ok := seen[s.GetReference()]; ok {
			return nil, fmt.Errorf("submissions %d and %d have the same reference %q", first, i+1, s.GetReference())
		}
		seen[s.GetReference()] = i + 1
		submissions = append(submissions, s)
	}
	if len(submissions) == 0 {
		return nil, errors.New("there are none")
	}
	return submissions, nil
}

func lines(in io.Reader) ([][]byte, error) {
	var documents [][]byte
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if line := bytes.TrimSpace(scanner.Bytes()); len(line) > 0 {
			documents = append(documents, bytes.Clone(line))
		}
	}
	return documents, scanner.Err()
}

func yamlDocuments(in io.Reader) ([][]byte, error) {
	var documents [][]byte
	decoder := yaml.NewDecoder(in)
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		list, ok := document.([]any)
		if !ok {
			list = []any{document}
		}
		for _, each := range list {
			if each == nil {
				continue
			}
			data, err := json.Marshal(each)
			if err != nil {
				return nil, err
			}
			documents = append(documents, data)
		}
	}
}
