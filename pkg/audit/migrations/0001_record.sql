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
    entries     bytea       NOT NULL CHECK (octet_length(entries) <= 16777216)
);

-- LZ4 is several times faster than the built-in compression, and entries of a batch
-- are much alike; a server made without it uses the built-in one.
-- +goose StatementBegin
DO $$ BEGIN
    ALTER TABLE record ALTER COLUMN entries SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
-- +goose StatementEnd

-- Records that have no place in the log yet.
CREATE TABLE waiting (
    record_id uuid PRIMARY KEY,
    count     int  NOT NULL,
    bytes     int  NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- +goose StatementBegin
CREATE FUNCTION queue_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
BEGIN
    INSERT INTO waiting (record_id, count, bytes) VALUES (NEW.id, NEW.count, octet_length(NEW.entries));
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
GRANT SELECT, INSERT (id, service, actor, method, session, trace, count, entries) ON record TO noticehub_audit;
GRANT SELECT, DELETE ON waiting TO noticehub_audit;
GRANT USAGE ON SCHEMA audit TO noticehub_audit_writer;
-- The time is not theirs to write.
GRANT INSERT (id, service, actor, method, session, trace, count, entries) ON record TO noticehub_audit_writer;
REVOKE EXECUTE ON FUNCTION queue_record(), refuse_change() FROM PUBLIC;
