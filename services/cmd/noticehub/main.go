// Command noticehub runs the whole hub in one process and is its command-line client.
package main

import (
	"context"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"github.com/noticehub/noticehub/pkg/run"
)

// program is the command line; every command documents itself.
type program struct {
	Up         upCommand         `cmd:"" help:"Run the whole hub in one process: NATS, PostgreSQL, all services, synthetic data."`
	Down       downCommand       `cmd:"" help:"Stop a hub that runs in a directory; its data stays."`
	Login      loginCommand      `cmd:"" help:"Sign in as a person; later commands use it."`
	Logout     logoutCommand     `cmd:"" help:"End the sign-in."`
	WhoAmI     whoAmICommand     `cmd:"" name:"whoami" help:"Show who the hub takes you for."`
	Seed       seedCommand       `cmd:"" help:"Import synthetic authorities and customers."`
	Submit     submitCommand     `cmd:"" help:"Lodge one submission by flags, or many from a YAML or NDJSON file."`
	Watch      watchCommand      `cmd:"" help:"Show every status change of an authority's submissions as it happens."`
	Withdraw   withdrawCommand   `cmd:"" help:"Take a submission back that is not decided yet."`
	Show       showCommand       `cmd:"" help:"Show one of an authority's submissions."`
	Queue      queueCommand      `cmd:"" help:"Work in the unprocessed queue."`
	Restricted restrictedCommand `cmd:"" help:"The way to a restricted record: contact, risk assessment, lift, view, reinstate."`
	Report     reportCommand     `cmd:"" aliases:"reports" help:"List, fetch and acknowledge daily reports; follow their delivery."`
	Register   registerCommand   `cmd:"" help:"Read the notice register."`
	WorkItem   workItemCommand   `cmd:"" name:"workitem" help:"Find, investigate and complete work items."`
	Customer   customerCommand   `cmd:"" help:"Show and change customers' records."`
	Operations operationsCommand `cmd:"" help:"See how the hub does, what stands still and what failed; drive failed events again."`
	Audit      auditCommand      `cmd:"" help:"Read, export, prove and verify the audit log."`
	Clock      clockCommand      `cmd:"" help:"Show or advance the business clock of a sandbox."`
	Demo       demoCommand       `cmd:"" help:"Play a story through all information types, outcomes and work items on a hub of its own."`
	DemoLoad   demoLoadCommand   `cmd:"" name:"demo-load" help:"Lodge thousands of synthetic submissions and compare every outcome and report line."`
}

func main() {
	run.Main("noticehub", func(ctx context.Context) error {
		var p program
		parser, err := kong.New(&p, kong.Name("noticehub"), kong.UsageOnError(),
			kong.Description("A hub for statutory notices between agencies. Begin with: noticehub up"),
			kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
		if err != nil {
			return err
		}
		command, err := parser.Parse(os.Args[1:])
		parser.FatalIfErrorf(err)
		command.BindTo(ctx, (*context.Context)(nil))
		command.BindTo(os.Stdout, (*io.Writer)(nil))
		return explain(command.Run())
	})
}
