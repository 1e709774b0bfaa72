package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protojson"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

type customerCommand struct {
	Show   customerShow   `cmd:"" help:"Show a customer's record, now or as at a day, and the open work items."`
	Change customerChange `cmd:"" help:"Change a customer's record: all changes of a file, or none."`
}

type customerShow struct {
	officer
	CRN    string `arg:"" name:"crn" help:"CRN of the customer."`
	AsAt   string `help:"As at the end of this day, yyyy-mm-dd." name:"as-at"`
	Record bool   `help:"Print the record only."`
}

// Run prints the record as JSON and, since every contact with a customer shows
// them, the open work items.
func (c *customerShow) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := registryv1.NewRegistryServiceClient(conn).GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: c.CRN, AsAt: c.AsAt})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, asJSON(answer.GetCustomer()))
	if c.Record || c.AsAt != "" {
		return nil
	}
	request := &workitemv1.ListCustomerWorkItemsRequest{Crn: c.CRN, PageSize: 200}
	var open []*workitemv1.WorkItem
	for {
		page, err := workitemv1.NewWorkItemServiceClient(conn).ListCustomerWorkItems(ctx, request)
		if err != nil {
			return err
		}
		open = append(open, page.GetWorkItems()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	fmt.Fprintf(out, "%d open work items\n", len(open))
	if len(open) == 0 {
		return nil
	}
	return tableOf(out, open)
}

type customerChange struct {
	officer
	CRN     string `arg:"" name:"crn" help:"CRN of the customer."`
	Version int64  `help:"Version of the record as the officer saw it; \"noticehub customer show\" prints it." required:""`
	Change  string `help:"JSON file with the list of changes, each with one field of the contract's Change, such as [{\"rent_type\": \"PRIVATE_RENT\"}, {\"unlink_partner\": {}}]; - for standard input." required:"" placeholder:"FILE"`
	Reason  string `help:"Why, in the officer's words; kept with the version."`
}

// Run applies the changes.
func (c *customerChange) Run(ctx context.Context, out io.Writer) error {
	content, err := contentOf(c.Change)
	if err != nil {
		return err
	}
	changes, err := changesOf(content)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Change, err)
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := registryv1.NewCircumstanceServiceClient(conn).ChangeCustomer(ctx, &registryv1.ChangeCustomerRequest{
		Crn: c.CRN, ExpectedVersion: c.Version, Changes: changes, Reason: c.Reason,
	})
	if err != nil {
		return err
	}
	version := answer.GetCustomer().GetRecordVersion()
	if version == c.Version {
		fmt.Fprintf(out, "%s holds all of that already; the record stays at version %d\n", c.CRN, version)
		return nil
	}
	fmt.Fprintf(out, "%s changed; the record is at version %d\n", c.CRN, version)
	return nil
}

// contentOf reads a file, or standard input for "-".
func contentOf(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}

// changesOf reads a JSON list of changes; an error names the one it is in.
func changesOf(content []byte) ([]*registryv1.Change, error) {
	var list []json.RawMessage
	if trimmed := bytes.TrimSpace(content); len(trimmed) == 0 || trimmed[0] != '[' {
		return nil, errors.New("it must be a JSON list of changes: [{…}, {…}]")
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("the list has no change")
	}
	changes := make([]*registryv1.Change, len(list))
	var problems []error
	for i, raw := range list {
		changes[i] = &registryv1.Change{}
		if err := protojson.Unmarshal(raw, changes[i]); err != nil {
			problems = append(problems, fmt.Errorf("changes[%d]: %w", i, err))
		}
	}
	return changes, errors.Join(problems...)
}
