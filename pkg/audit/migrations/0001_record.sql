-- +goose Up

-- What was done, as the services wrote it in the transactions of the actions: one
-- row a transaction, entries as JSON, a line each. Rows never change and never go.
CREATE TABLE record (
    id          uuid        PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT now(), -- the database's time
    service     text        NOT NULL CHECK (service <> ''),
    actor       text        NOT NULL CHECK (actor <> ''),
    method      text        NOT NULL,
    session     text        NOT NULL,
    trace       text        NOT NULL,
    count       int         NOT NULL CHECK (count > 0),
    entries     bytea       NOT NULL
);

-- Records that have no place in the log yet.
CREATE TABLE waiting (
    record_id uuid PRIMARY KEY
);

-- +goose StatementBegin
CREATE FUNCTION queue_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
BEGIN
    INSERT INTO waiting (record_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER queue_record AFTER INSERT ON record FOR EACH ROW EXECUTE FUNCTION queue_record();

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER record_stays BEFORE UPDATE OR DELETE ON record FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_stays_whole BEFORE TRUNCATE ON record FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE ALL ON record, waiting FROM noticehub_audit;
GRANT SELECT, INSERT ON record TO noticehub_audit;
GRANT SELECT, DELETE ON waiting TO noticehub_audit;
GRANT USAGE ON SCHEMA audit TO noticehub_audit_writer;
GRANT INSERT ON record TO noticehub_audit_writer;
