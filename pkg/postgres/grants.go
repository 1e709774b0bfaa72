package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// largeObjects are functions by which any role could keep data outside the tables.
const largeObjects = `'lo_creat','lo_create','lo_from_bytea','lo_get','lo_import','lo_export','lo_lseek','lo_lseek64','lo_open','lo_put','lo_tell','lo_tell64','lo_truncate','lo_truncate64','lo_unlink','loread','lowrite'`

// closeDatabase takes back what PostgreSQL gives to everybody: making objects in
// schema public, temporary tables, connections of roles without a grant and, if
// the administrator may, large objects. It changes only what differs.
func closeDatabase(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `DO $$
DECLARE
	here text := current_database();
	f regprocedure;
BEGIN
	IF has_schema_privilege('public', 'public', 'CREATE') THEN
		REVOKE CREATE ON SCHEMA public FROM PUBLIC;
	END IF;
	IF has_database_privilege('public', here, 'CONNECT, TEMPORARY') THEN
		EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', here);
	END IF;
	IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
		FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (`+largeObjects+`)
			AND has_function_privilege('public', oid, 'EXECUTE') LOOP
			EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
		END LOOP;
	END IF;
END $$`)
	return err
}

// admit lets the role into the database and sets its limits for sessions that
// ask for none; those of Open ask for their own.
func admit(ctx context.Context, tx pgx.Tx, s Schema) error {
	var database string
	var admitted, super bool
	var have []string
	err := tx.QueryRow(ctx, `SELECT current_database(), has_database_privilege($1, current_database(), 'CONNECT'),
		(SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
		coalesce((SELECT s.setconfig FROM pg_db_role_setting s
			WHERE s.setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())), '{}')`,
		s.Role).Scan(&database, &admitted, &super, &have)
	if err != nil {
		return err
	}
	var sql strings.Builder
	if !admitted {
		fmt.Fprintf(&sql, "GRANT CONNECT ON DATABASE %s TO %s;", quote(database), quote(s.Role))
	}
	for _, setting := range [][2]string{
		{"search_path", s.searchPath()},
		{"statement_timeout", "'" + milliseconds(0, defaultStatement) + "'"},
		{"lock_timeout", "'" + milliseconds(0, defaultLock) + "'"},
		{"idle_in_transaction_session_timeout", "'" + milliseconds(0, defaultIdleInTx) + "'"},
		{"temp_file_limit", "'4GB'"},
	} {
		known := false
		for _, h := range have {
			known = known || strings.HasPrefix(h, setting[0]+"=")
		}
		// An operator's own value stays. Only superusers may limit temporary files.
		if !known && (super || setting[0] != "temp_file_limit") {
			fmt.Fprintf(&sql, "ALTER ROLE %s IN DATABASE %s SET %s = %s;", quote(s.Role), quote(database), setting[0], setting[1])
		}
	}
	if sql.Len() == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, sql.String())
	return err
}
