package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
)

// trust is what an auditor has from elsewhere.
type trust struct {
	Key        string   `name:"log-key" help:"The log's public key, or @file; without it the key in the file is believed." env:"NOTICEHUB_AUDIT_KEY"`
	Checkpoint []string `help:"Files with checkpoints kept from before: the log must continue them." type:"existingfile"`
}

func (t trust) key() (string, error) {
	path, isFile := strings.CutPrefix(t.Key, "@")
	if !isFile {
		return t.Key, nil
	}
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}

func (t trust) options() (archive.Options, error) {
	key, err := t.key()
	o := archive.Options{Key: key}
	for _, path := range t.Checkpoint {
		data, readErr := os.ReadFile(path)
		err = errors.Join(err, readErr)
		o.Kept = append(o.Kept, string(data))
	}
	return o, err
}

// verifier is for what holds no key itself.
func (t trust) verifier() (note.Verifier, error) {
	key, err := t.key()
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, errors.New("the log's public key is needed: name it with --log-key")
	}
	return note.NewVerifier(key)
}

type auditVerify struct {
	trust
	File  string `arg:"" help:"The export, or the proof." type:"existingfile"`
	Proof bool   `help:"The file is a proof of one entry."`
}

// Run verifies a file; what is wrong is the error, so the exit code tells.
func (c *auditVerify) Run(out io.Writer) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	if c.Proof {
		return c.proof(file, out)
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	report, err := archive.Verify(file, options)
	if err != nil {
		return err
	}
	if err := verified(out, report); err != nil || options.Key != "" {
		return err
	}
	_, err = fmt.Fprintln(out, "this is the key in the file itself: compare it with the one you have from elsewhere")
	return err
}

func (c *auditVerify) proof(file io.Reader, out io.Writer) error {
	verifier, err := c.verifier()
	if err != nil {
		return err
	}
	p, err := archive.ReadProof(file)
	if err != nil {
		return err
	}
	checkpoint, err := p.Check(verifier)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "entry %d of %d is proved, signed at %s\n%s\n%s\n", p.Position, checkpoint.Size, checkpoint.At.Format("2006-01-02T15:04:05Z"), p.Header, p.Entry)
	if p.Older != "" {
		fmt.Fprintln(out, "the log continues that of the older checkpoint")
	}
	return nil
}

type auditProve struct {
	auditor
	trust
	Position int64  `arg:"" help:"Position of the entry."`
	Export   string `help:"Export to prove from; without it the hub is asked." type:"existingfile"`
	Output   string `help:"File to write the proof to; standard output when empty." short:"o"`
}

// Run writes a proof as JSON. Of several kept checkpoints the first is proved to
// be continued.
func (c *auditProve) Run(ctx context.Context, out io.Writer) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	older := ""
	if len(options.Kept) > 0 {
		older = options.Kept[0]
	}
	var document []byte
	if c.Export != "" {
		document, err = proveOffline(c.Export, options, c.Position, older)
	} else {
		err = c.log(func(client auditv1.AuditServiceClient) error {
			answer, err := client.GetProof(ctx, &auditv1.GetProofRequest{Position: c.Position, OlderCheckpoint: older})
			document = answer.GetDocument()
			return err
		})
	}
	if err != nil {
		return err
	}
	if c.Output != "" {
		return os.WriteFile(c.Output, document, 0o600)
	}
	_, err = out.Write(document)
	return err
}

func proveOffline(path string, options archive.Options, position int64, older string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p, err := archive.Prove(file, options, position, older)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	err = e.Encode(p)
	return b.Bytes(), err
}

type auditCheck struct {
	trust
	Database string `help:"URL of the database, as a login that may read the schema audit." required:"" env:"NOTICEHUB_DATABASE_URL"`
}

// Run checks the whole log in one snapshot.
func (c *auditCheck) Run(ctx context.Context, out io.Writer) error {
	verifier, err := c.verifier()
	if err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	var kept []tree.Checkpoint
	for _, text := range options.Kept {
		k, err := tree.OpenCheckpoint(text, verifier)
		if err != nil {
			return err
		}
		kept = append(kept, k)
	}
	conn, err := pgx.Connect(ctx, c.Database)
	if err != nil {
		return errors.New("the database cannot be reached, or does not let this login in")
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	report, err := ledger.Check(ctx, tx, verifier, kept...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d entries of %d records are whole, %d of them signed by %d checkpoints; %d records wait for their place\n",
		report.Entries, report.Records, report.Signed, report.Checkpoints, report.Waiting)
	return err
}
