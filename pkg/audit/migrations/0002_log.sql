-- +goose Up

-- The log: every entry has a position, 0, 1, 2, … and is a leaf of a Merkle tree.
-- All tables only grow. Hashes are stored so that no row is ever replaced: leaves
-- as they came, batch by batch, and of the tree above them every eighth level.

-- Which positions a record's entries have.
CREATE TABLE place (
    first       bigint      PRIMARY KEY,
    record_id   uuid        NOT NULL UNIQUE,
    count       int         NOT NULL CHECK (count > 0),
    recorded_at timestamptz NOT NULL
);

-- What the sequencer appended in one transaction. Its key keeps two sequencers
-- from appending at the same position.
CREATE TABLE batch (
    first  bigint      PRIMARY KEY,
    count  int         NOT NULL CHECK (count > 0),
    -- Earliest recorded_at in it, and the latest up to its end: from them times of
    -- recording are translated to positions.
    oldest timestamptz NOT NULL,
    latest timestamptz NOT NULL,
    -- Holds records more than a minute older than some before them.
    late   boolean     NOT NULL,
    hashes bytea       NOT NULL CHECK (octet_length(hashes) = 32 * count)
);
ALTER TABLE batch ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress
CREATE INDEX batch_latest ON batch (latest, first);
CREATE INDEX batch_late ON batch (first) WHERE late;

-- The hash of 256^step leaves from position · 256^step on.
CREATE TABLE node (
    step     smallint NOT NULL CHECK (step > 0),
    position bigint   NOT NULL,
    hash     bytea    NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (step, position)
);

-- Signed statements of what the log was.
CREATE TABLE checkpoint (
    size bigint PRIMARY KEY,
    note text   NOT NULL
);

-- Which records (by the position of their first entry) say what: a row for each
-- distinct actor, method, action and object of a record, by hash; objects made at
-- one moment share a hash.
CREATE TABLE term (
    hash  bigint NOT NULL,
    first bigint NOT NULL
);
CREATE INDEX term_hash ON term (hash, first);
CREATE INDEX term_first ON term USING brin (first) WITH (autosummarize = on);

-- Whoever holds this row appends.
CREATE TABLE writer (
    one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO writer DEFAULT VALUES;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['place', 'batch', 'node', 'checkpoint', 'term'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_stays BEFORE UPDATE OR DELETE ON %1$I FOR EACH ROW EXECUTE FUNCTION refuse_change()', t);
        EXECUTE format('CREATE TRIGGER %1$s_stays_whole BEFORE TRUNCATE ON %1$I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t);
        EXECUTE format('REVOKE ALL ON %I FROM noticehub_audit', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO noticehub_audit', t);
    END LOOP;
END $$;
-- +goose StatementEnd
REVOKE ALL ON writer FROM noticehub_audit;
GRANT SELECT, UPDATE ON writer TO noticehub_audit; -- UPDATE is what locking a row needs
