package launch

import (
	"context"
	"errors"
	"fmt"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// MigrateSettings are those of "migrate": an administrator's, from the environment
// only. A service that serves never holds an administrator's login.
type MigrateSettings struct {
	// URL of the administrator.
	URL string `config:"migrate_url" doc:"PostgreSQL URL of a role that may create schemas and roles; transport and password as for database_url"`
	// PasswordFile of the administrator.
	PasswordFile string `config:"migrate_password_file" doc:"file with the password of migrate_url's role"`
	// RolePasswordFile of the service's role.
	RolePasswordFile string `config:"database_password_file" doc:"file with the password that the service's role logs in with from now on, at least 16 visible ASCII characters; empty leaves its login as it is"`
	// Development allows what is not fit for machines others can reach.
	Development bool `config:"development" default:"false" doc:"take any URL, with a password in it, too"`
	// Telemetry settings.
	Telemetry telemetry.Config `config:",inline"`
}

// Validate reports settings that cannot be.
func (s MigrateSettings) Validate() error {
	switch {
	case s.URL == "":
		return errors.New("migrate_url is missing: set NOTICEHUB_MIGRATE_URL")
	case s.Development:
		return nil
	}
	return named("migrate_url", errors.Join(postgres.CheckTransport(s.URL), postgres.CheckSecret(s.URL)))
}

// migrate brings the service's schema up to date and, when it is told a password,
// lets the service's role log in with it.
func (p Program) migrate(ctx context.Context) error {
	var s MigrateSettings
	if err := config.Load(config.Options{}, &s); err != nil {
		return err
	}
	tel, stop, err := telemetry.Start(ctx, p.Name, s.Telemetry)
	if err != nil {
		return err
	}
	defer func() { _ = stop(context.WithoutCancel(ctx)) }()
	url := s.URL
	if s.PasswordFile != "" {
		password, err := readSecret(s.PasswordFile)
		if err != nil {
			return named("migrate_password_file", err)
		}
		if url, err = postgres.WithPassword(url, password); err != nil {
			return named("migrate_url", err)
		}
	}
	password := ""
	if s.RolePasswordFile != "" {
		if password, err = readSecret(s.RolePasswordFile); err != nil {
			return named("database_password_file", err)
		}
	}
	if err := postgres.Migrate(ctx, url, tel.Log, p.Schema); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if password == "" {
		return nil
	}
	if err := postgres.Login(ctx, url, p.Schema, password); err != nil {
		return fmt.Errorf("let %s log in: %w", p.Schema.Role, err)
	}
	tel.Log.Info("the role has its password", "role", p.Schema.Role)
	return nil
}

// named puts a setting's name before what is wrong with it, line by line.
func named(setting string, err error) error {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range several.Unwrap() {
			all = append(all, named(setting, one))
		}
		return errors.Join(all...)
	}
	return fmt.Errorf("%s: %w", setting, err)
}
