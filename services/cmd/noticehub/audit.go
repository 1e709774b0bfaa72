package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/identity"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
)

type auditCommand struct {
	Show       auditShow       `cmd:"" help:"Show an entry by its position, or a record by its id."`
	Search     auditSearch     `cmd:"" help:"Find entries, newest first."`
	Tail       auditTail       `cmd:"" help:"Show the last entries, and new ones as they come."`
	Checkpoint auditCheckpoint `cmd:"" help:"Show the newest signed checkpoint; keep it to prove later that nothing was rewritten."`
	Export     auditExport     `cmd:"" help:"Write the log into a file that can be verified anywhere."`
	Verify     auditVerify     `cmd:"" help:"Verify an export or a proof, offline; the first bad entry is named."`
	Prove      auditProve      `cmd:"" help:"Prove that an entry is in the log, from an export, offline, or from the hub."`
	Check      auditCheck      `cmd:"" help:"Check the log in the database itself; the first bad entry is named."`
}

// auditor is a connection as somebody who reads the audit log.
type auditor struct {
	connection
	As string `help:"Id of the auditor to act as." placeholder:"ID"`
}

func (a auditor) log(f func(auditv1.AuditServiceClient) error) error {
	as := identity.Caller{Kind: identity.Person, ID: "auditor", Roles: []string{"auditor"}}
	if a.As != "" {
		as.ID = a.As
	}
	conn, err := a.dialPerson(a.As != "", as)
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(auditv1.NewAuditServiceClient(conn))
}

type auditShow struct {
	auditor
	What string `arg:"" help:"Position of an entry, or id of a record."`
}

// Run shows entries as JSON.
func (c *auditShow) Run(ctx context.Context, out io.Writer) error {
	req := &auditv1.GetEntryRequest{Name: &auditv1.GetEntryRequest_RecordId{RecordId: c.What}}
	if position, err := strconv.ParseInt(c.What, 10, 64); err == nil {
		req.Name = &auditv1.GetEntryRequest_Position{Position: position}
	}
	return c.log(func(client auditv1.AuditServiceClient) error {
		answer, err := client.GetEntry(ctx, req)
		if err == nil {
			fmt.Fprintln(out, asJSON(answer))
		}
		return err
	})
}

type auditSearch struct {
	auditor
	Actor   string `help:"Who did it, such as officer:olive."`
	Action  string `help:"What was done, such as submission.decided."`
	Object  string `help:"What it was done to, such as submission/ID."`
	CRN     string `name:"crn" help:"Customer it was about."`
	Method  string `help:"Method that was called."`
	Refused bool   `help:"Refusals only."`
	Limit   int    `help:"Most entries." default:"50"`
}

// Run lists entries.
func (c *auditSearch) Run(ctx context.Context, out io.Writer) error {
	req := &auditv1.SearchEntriesRequest{
		Actor: c.Actor, Action: c.Action, Object: c.Object, Crn: c.CRN, Method: c.Method, PageSize: int32(max(1, min(c.Limit, 200))),
	}
	if c.Refused {
		req.Result = auditv1.Result_RESULT_REFUSED
	}
	return c.log(func(client auditv1.AuditServiceClient) error {
		for shown := 0; shown < c.Limit; {
			page, err := client.SearchEntries(ctx, req)
			if err != nil {
				return err
			}
			for _, e := range page.GetEntries() {
				if shown++; shown <= c.Limit {
					fmt.Fprintf(out, "%d  %s  %s  %s  %s  %s  %s\n", e.GetPosition(), e.GetRecordedAt().AsTime().Format("2006-01-02T15:04:05.000Z"),
						e.GetActor(), e.GetAction(), e.GetObject(), short(e.GetResult()), e.GetReason())
				}
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		return nil
	})
}

type auditCheckpoint struct{ auditor }

// Run prints the signed note.
func (c *auditCheckpoint) Run(ctx context.Context, out io.Writer) error {
	return c.log(func(client auditv1.AuditServiceClient) error {
		answer, err := client.GetCheckpoint(ctx, &auditv1.GetCheckpointRequest{})
		if err != nil {
			return err
		}
		if answer.GetCheckpoint() == "" {
			return errors.New("nothing is recorded yet")
		}
		fmt.Fprint(out, answer.GetCheckpoint())
		return nil
	})
}

type auditTail struct {
	auditor
	Last   int64 `help:"Begin so many entries before the end." default:"20"`
	Follow bool  `help:"Go on with new entries." short:"f"`
}

// Run prints a line for each entry.
func (c *auditTail) Run(ctx context.Context, out io.Writer) error {
	return c.log(func(client auditv1.AuditServiceClient) error {
		var rest []byte
		return unlessEnded(ctx, receiveExport(ctx, client, &auditv1.ExportEntriesRequest{Last: c.Last, Follow: c.Follow}, func(piece []byte) error {
			rest = append(rest, piece...)
			for {
				end := bytes.IndexByte(rest, '\n')
				if end < 0 {
					return nil
				}
				if l, err := archive.ParseLine(rest[:end+1]); err == nil && l.Position >= 0 {
					fmt.Fprintf(out, "%d %s %s\n", l.Position, l.Header, l.Entry)
				}
				rest = append([]byte(nil), rest[end+1:]...)
			}
		}))
	})
}

// unlessEnded is nil when whoever follows has ended it.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = nil
	}
	return err
}

// receiveExport hands over the pieces of an export.
func receiveExport(ctx context.Context, client auditv1.AuditServiceClient, req *auditv1.ExportEntriesRequest, f func([]byte) error) error {
	stream, err := client.ExportEntries(ctx, req)
	if err != nil {
		return err
	}
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(piece.GetContent()); err != nil {
			return err
		}
	}
}

type auditExport struct {
	auditor
	Output string `help:"File to write; it must not exist." short:"o" required:""`
	From   int64  `help:"First position; 0 exports the whole log." default:"0"`
}

// Run writes the file and verifies what was written.
func (c *auditExport) Run(ctx context.Context, out io.Writer) error {
	return c.log(func(client auditv1.AuditServiceClient) error {
		file, err := os.OpenFile(c.Output, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := receiveExport(ctx, client, &auditv1.ExportEntriesRequest{From: c.From}, func(piece []byte) error {
			_, err := file.Write(piece)
			return err
		}); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		report, err := archive.Verify(file, archive.Options{})
		if err != nil {
			return fmt.Errorf("%s was written, but the log does not verify: %w", c.Output, err)
		}
		return verified(out, report)
	})
}

// verified tells what a verification found whole.
func verified(out io.Writer, r archive.Report) error {
	if r.Checkpoints == 0 {
		_, err := fmt.Fprintf(out, "no entries, so nothing to verify; key %s\n", r.Key)
		return err
	}
	_, err := fmt.Fprintf(out, "%d entries, %d to %d, verified by %d checkpoints, the last of %s\nkey %s\n",
		r.To-r.From, r.From, r.To-1, r.Checkpoints, r.Last.At.Format("2006-01-02T15:04:05Z"), r.Key)
	return err
}
