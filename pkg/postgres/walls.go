package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
)

// CheckWalls refuses (Precondition, reason WALLS_BREACHED, all breaches named) a
// pool whose role could step over what keeps services and authorities apart:
//
//   - the role, or one it is a member of, is a superuser, exempt from row
//     security, able to make roles, databases or replicas, or predefined (pg_…);
//   - it owns anything, or may make anything, in the database, may truncate or put
//     triggers on its tables, or reaches schemas that are not its own or s.With;
//   - a table of the schema with a column authority_id does not FORCE row security
//     by a policy that asks for the scope, and is not in s.Open; or a view with
//     that column works with its owner's rights.
//
// It looks at the role the sessions act as; see CheckLogin for whose they are.
func CheckWalls(ctx context.Context, pool *pgxpool.Pool, s Schema) error {
	if err := s.validate(); err != nil {
		return err
	}
	near := []string{s.Name}
	for _, w := range closure(s.With) {
		near = append(near, w.Name)
	}
	rows, err := pool.Query(ctx, breaches, s.Name, near, append([]string{}, s.Open...))
	if err != nil {
		return Classify(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var breach string
		if err := rows.Scan(&breach); err != nil {
			return Classify(err)
		}
		found = append(found, breach)
	}
	if err := rows.Err(); err != nil {
		return Classify(err)
	}
	if len(found) > 0 {
		return fault.New(fault.Precondition, "WALLS_BREACHED", "schema %s: %s", s.Name, strings.Join(found, "; ")).
			WithHelp("Run the migrations with an administrator's URL; what they do not put right was changed by hand.")
	}
	return nil
}

// CheckLogin refuses a pool that logs in as anybody but the schema's own role: a
// session that took the role by SET ROLE can put it down again.
func CheckLogin(ctx context.Context, pool *pgxpool.Pool, s Schema) error {
	var session string
	if err := pool.QueryRow(ctx, "SELECT session_user").Scan(&session); err != nil {
		return Classify(err)
	}
	if session != s.Role {
		return fault.New(fault.Precondition, "LOGIN_SHARED", "the service works as %s but logs in as %s", s.Role, session).
			WithHelp(fmt.Sprintf("Give it a login of its own: ALTER ROLE %s LOGIN PASSWORD …, and name it in the database URL.", s.Role))
	}
	return nil
}

// breaches has a row for each: $1 the schema, $2 schemas within reach, $3 tables
// that everybody of the service may read.
const breaches = `
WITH mine AS (
	SELECT r.oid, r.rolname, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS mighty
	FROM pg_roles r WHERE r.rolname = current_user
	UNION ALL
	SELECT r.oid, r.rolname, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolname ~ '^pg_'
	FROM pg_roles r WHERE r.rolname <> current_user AND pg_has_role(r.oid, 'MEMBER')
		AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
), tables AS (
	SELECT c.oid, c.relname, c.relkind, c.relrowsecurity AND c.relforcerowsecurity AS forced,
		EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'authority_id' AND NOT a.attisdropped) AS scoped,
		coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false) AS invoker
	FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p', 'v', 'm')
)
SELECT format('role %s is too mighty', rolname) FROM mine WHERE mighty
UNION ALL
SELECT format('%s owns %s %s', m.rolname, o.kind, o.name) FROM mine m JOIN (
	SELECT datdba AS owner, 'database' AS kind, datname::text AS name FROM pg_database WHERE datname = current_database()
	UNION ALL SELECT nspowner, 'schema', nspname FROM pg_namespace WHERE nspname !~ '^pg_'
	UNION ALL SELECT c.relowner, 'relation', c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'
	UNION ALL SELECT p.proowner, 'function', p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_'
) o ON o.owner = m.oid
UNION ALL
SELECT format('it may make objects in schema %s', nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')
UNION ALL
SELECT 'it may make schemas' WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT format('it reaches schema %s', nspname) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema') AND nspname <> ALL ($2) AND has_schema_privilege(oid, 'USAGE')
UNION ALL
SELECT format('it may truncate table %s or put triggers on it', relname) FROM tables WHERE relkind IN ('r', 'p') AND has_table_privilege(oid, 'TRUNCATE, TRIGGER')
UNION ALL
SELECT format('table %s does not force row security', relname) FROM tables WHERE relkind IN ('r', 'p') AND scoped AND NOT forced AND relname <> ALL ($3)
UNION ALL
SELECT format('policy %s of table %s does not ask for the scope', p.polname, t.relname) FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
WHERE t.scoped AND t.relname <> ALL ($3) AND p.polpermissive AND position('` + scopeSetting + `' IN coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), '')) = 0
UNION ALL
SELECT format('view %s works with the rights of its owner', relname) FROM tables WHERE relkind IN ('v', 'm') AND scoped AND NOT invoker AND relname <> ALL ($3)
ORDER BY 1`
