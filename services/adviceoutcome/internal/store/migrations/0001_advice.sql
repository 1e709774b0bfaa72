-- +goose Up

-- Authorities as announced by the registry.
CREATE TABLE authority (
    authority_id   text PRIMARY KEY,
    jurisdiction   smallint NOT NULL,
    reports_from   date NOT NULL,
    enabled        boolean NOT NULL,
    record_version bigint NOT NULL
);

-- The ledger: one row per terminal submission and one per notification of changed
-- circumstances (information type 6), never changed. Reports are made from these
-- rows alone. A notification has its own id for the submission's, and no outcome.
CREATE TABLE outcome (
    submission_id    uuid PRIMARY KEY,
    recorded_at      timestamptz NOT NULL,
    lodged_at        timestamptz NOT NULL,
    decided_at       timestamptz NOT NULL,
    report_date      date NOT NULL,
    start_date       date,
    end_date         date,
    information_type smallint NOT NULL,
    outcome          smallint NOT NULL,
    by_officer       boolean NOT NULL,
    authority_id     text NOT NULL,
    reference        text NOT NULL,
    crn              text NOT NULL,
    note             text NOT NULL,
    CONSTRAINT outcome_or_notification CHECK ((outcome = 0) = (information_type = 6))
);
-- The order of a report's lines and of the list of outcomes.
CREATE INDEX outcome_line ON outcome (authority_id, report_date, recorded_at, submission_id);

-- Submissions announced as unprocessed. Rows are only added here; one is open
-- while the ledger has no outcome for it, whichever of the two came first.
CREATE TABLE unprocessed (
    submission_id uuid PRIMARY KEY,
    authority_id  text NOT NULL,
    since         date NOT NULL,
    hub_created   boolean NOT NULL
);
CREATE INDEX unprocessed_authority ON unprocessed (authority_id, since);

-- How many submissions an authority lodged on a local day.
CREATE TABLE lodged (
    authority_id text NOT NULL,
    day          date NOT NULL,
    submissions  bigint NOT NULL,
    PRIMARY KEY (authority_id, day)
);

-- Keys that signed reports, kept so that old signatures can be checked after a
-- key was replaced.
CREATE TABLE signing_key (
    key_id     text PRIMARY KEY,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    first_used timestamptz NOT NULL
);

-- One row per authority and business day: closed first, sealed after rendering.
CREATE TABLE report (
    report_id       uuid PRIMARY KEY,
    authority_id    text NOT NULL REFERENCES authority,
    sequence        bigint NOT NULL CHECK (sequence > 0),
    report_date     date NOT NULL,
    previous_date   date,
    covers_from     date NOT NULL,
    covers_to       date NOT NULL,
    layout          smallint NOT NULL,
    closed_at       timestamptz NOT NULL,
    lodged          bigint NOT NULL,
    unprocessed     bigint NOT NULL,
    unprocessed_own bigint NOT NULL,
    lines           bigint,
    own_lines       bigint,
    pending         bigint,
    csv_digest      bytea CHECK (length(csv_digest) = 32),
    csv_size        bigint,
    json_digest     bytea CHECK (length(json_digest) = 32),
    json_size       bigint,
    previous_digest bytea,
    signature       bytea CHECK (length(signature) = 64),
    key_id          text REFERENCES signing_key,
    sealed_at       timestamptz,
    UNIQUE (authority_id, sequence),
    UNIQUE (authority_id, report_date),
    UNIQUE (report_id, authority_id), -- what belongs to a report belongs to its authority
    CHECK ((sequence = 1) = (previous_date IS NULL)),
    CHECK (previous_date < report_date AND covers_from <= covers_to AND covers_to < report_date),
    CHECK (num_nulls(lines, own_lines, pending, csv_digest, csv_size, json_digest, json_size, previous_digest, signature, key_id, sealed_at) IN (0, 11))
);
CREATE INDEX report_newest ON report (report_date DESC, authority_id);
CREATE INDEX report_unsealed ON report (authority_id, sequence) WHERE sealed_at IS NULL;

-- The sealed bytes of both forms, in pieces.
CREATE TABLE report_chunk (
    report_id    uuid NOT NULL,
    authority_id text NOT NULL,
    form         smallint NOT NULL CHECK (form IN (1, 2)),
    number       integer NOT NULL CHECK (number >= 0),
    content      bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 262144),
    PRIMARY KEY (report_id, form, number),
    FOREIGN KEY (report_id, authority_id) REFERENCES report (report_id, authority_id)
);
-- The bytes repeat themselves: lz4 makes them a fraction at little cost. The
-- older method costs more time than it saves, so without lz4 they stay as they are.
-- +goose StatementBegin
DO $$
BEGIN
    ALTER TABLE report_chunk ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    ALTER TABLE report_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
END
$$;
-- +goose StatementEnd

-- A report is offered when it is sealed (offer 0) and may be offered again (1, 2,
-- 3, …). What counts as delivered and acknowledged is what was of the last offer;
-- what came of those before stays. The two times are what stood when it was
-- offered again; a fetch that had begun by then may still have ended after it.
CREATE TABLE redelivery (
    report_id           uuid NOT NULL,
    offer               integer NOT NULL CHECK (offer > 0),
    authority_id        text NOT NULL,
    action_id           text NOT NULL UNIQUE,
    offered_at          timestamptz NOT NULL,
    actor               text NOT NULL,
    reason              text NOT NULL,
    delivered_before    timestamptz,
    acknowledged_before timestamptz,
    PRIMARY KEY (report_id, offer),
    FOREIGN KEY (report_id, authority_id) REFERENCES report (report_id, authority_id)
);

-- The first fetch of an offer by the authority itself.
CREATE TABLE delivery (
    report_id    uuid NOT NULL,
    authority_id text NOT NULL,
    delivered_at timestamptz NOT NULL,
    actor        text NOT NULL,
    form         smallint NOT NULL,
    offer        integer NOT NULL DEFAULT 0 CHECK (offer >= 0),
    PRIMARY KEY (report_id, offer),
    FOREIGN KEY (report_id, authority_id) REFERENCES report (report_id, authority_id)
);

-- The authority's word that it has the report, and which bytes.
CREATE TABLE acknowledgement (
    report_id       uuid NOT NULL,
    authority_id    text NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    actor           text NOT NULL,
    digest          bytea NOT NULL CHECK (length(digest) = 32),
    offer           integer NOT NULL DEFAULT 0 CHECK (offer >= 0),
    PRIMARY KEY (report_id, offer),
    FOREIGN KEY (report_id, authority_id) REFERENCES report (report_id, authority_id)
);

-- How often an authority's reports were sealed, offered again, delivered or
-- acknowledged, kept by triggers; whoever watches reads these few rows alone.
CREATE TABLE report_changes (
    authority_id text PRIMARY KEY,
    changes      bigint NOT NULL
);

-- Messages that wait for the bus (pkg/outbox).
CREATE TABLE outbox (
    id            uuid PRIMARY KEY,
    stream        text NOT NULL,
    subject       text NOT NULL,
    headers       jsonb,
    payload       bytea NOT NULL,
    traceparent   text NOT NULL DEFAULT '',
    publish_after timestamptz NOT NULL DEFAULT now() + interval '5 seconds',
    attempts      int NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (publish_after);

-- Messages that were applied, and events that wait (pkg/inbox).
CREATE TABLE inbox (
    consumer    text NOT NULL,
    message_id  text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE TABLE parked (
    consumer    text NOT NULL,
    event_id    uuid NOT NULL,
    key         text NOT NULL DEFAULT '',
    position    bigint GENERATED ALWAYS AS IDENTITY,
    data        bytea NOT NULL,
    traceparent text NOT NULL DEFAULT '',
    attempts    int NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('retry', 'waiting', 'quarantined')),
    cause       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX parked_due ON parked (consumer, next_at) WHERE state <> 'quarantined';
CREATE INDEX parked_key ON parked (consumer, key);
CREATE INDEX parked_age ON parked (created_at, consumer, event_id);

-- What is recorded stays: refused by privilege for the service and, should a
-- privilege ever be granted by mistake, by trigger for everybody.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION refuse_after_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.sealed_at IS NOT NULL THEN
        RAISE EXCEPTION 'report % is sealed', OLD.report_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.report_id, NEW.authority_id, NEW.sequence, NEW.report_date, NEW.previous_date, NEW.covers_from, NEW.covers_to,
        NEW.layout, NEW.closed_at, NEW.lodged, NEW.unprocessed, NEW.unprocessed_own)
       IS DISTINCT FROM
       (OLD.report_id, OLD.authority_id, OLD.sequence, OLD.report_date, OLD.previous_date, OLD.covers_from, OLD.covers_to,
        OLD.layout, OLD.closed_at, OLD.lodged, OLD.unprocessed, OLD.unprocessed_own) THEN
        RAISE EXCEPTION 'report % is closed', OLD.report_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION refuse_chunk_after_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM report WHERE report_id = NEW.report_id AND sealed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'report % is sealed', NEW.report_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_before_seal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM report WHERE report_id = NEW.report_id AND sealed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'report % is not sealed', NEW.report_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION count_report_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_changes AS c (authority_id, changes) VALUES (NEW.authority_id, 1)
        ON CONFLICT (authority_id) DO UPDATE SET changes = c.changes + 1;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER outcome_stays BEFORE UPDATE OR DELETE ON outcome FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER outcome_stays_whole BEFORE TRUNCATE ON outcome FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_sealed BEFORE UPDATE ON report FOR EACH ROW EXECUTE FUNCTION refuse_after_seal();
CREATE TRIGGER report_stays BEFORE DELETE ON report FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_stays_whole BEFORE TRUNCATE ON report FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chunk_sealed BEFORE INSERT ON report_chunk FOR EACH ROW EXECUTE FUNCTION refuse_chunk_after_seal();
CREATE TRIGGER chunk_stays BEFORE UPDATE OR DELETE ON report_chunk FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chunk_stays_whole BEFORE TRUNCATE ON report_chunk FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER redelivery_of_sealed BEFORE INSERT ON redelivery FOR EACH ROW EXECUTE FUNCTION refuse_before_seal();
CREATE TRIGGER redelivery_stays BEFORE UPDATE OR DELETE ON redelivery FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER redelivery_stays_whole BEFORE TRUNCATE ON redelivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_stays BEFORE UPDATE OR DELETE ON delivery FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_stays_whole BEFORE TRUNCATE ON delivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acknowledgement_stays BEFORE UPDATE OR DELETE ON acknowledgement FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acknowledgement_stays_whole BEFORE TRUNCATE ON acknowledgement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signing_key_stays BEFORE UPDATE OR DELETE ON signing_key FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signing_key_stays_whole BEFORE TRUNCATE ON signing_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_seal_counts AFTER UPDATE OF sealed_at ON report FOR EACH ROW EXECUTE FUNCTION count_report_change();
CREATE TRIGGER redelivery_counts AFTER INSERT ON redelivery FOR EACH ROW EXECUTE FUNCTION count_report_change();
CREATE TRIGGER delivery_counts AFTER INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION count_report_change();
CREATE TRIGGER acknowledgement_counts AFTER INSERT ON acknowledgement FOR EACH ROW EXECUTE FUNCTION count_report_change();

REVOKE UPDATE, DELETE, TRUNCATE ON outcome, report, report_chunk, redelivery, delivery, acknowledgement, signing_key FROM noticehub_adviceoutcome;
GRANT UPDATE (lines, own_lines, pending, csv_digest, csv_size, json_digest, json_size, previous_digest, signature, key_id, sealed_at)
    ON report TO noticehub_adviceoutcome;

-- Row security. A session or transaction says in noticehub.scope whose rows it is
-- for: '*' for the service's own work, or the ids of authorities separated by
-- commas. Without it nothing is visible and nothing can be written. FORCE binds a
-- table's owner too. What belongs to nobody is for the service's own work alone;
-- but messages may be added in any scope, by the transactions they tell of.
-- The conditions are sub-selects, looked at once a statement and not once a row; of
-- IS NOT NULL PostgreSQL expects that nearly every row passes, of an equality one in
-- 200, which makes it sort what it could read in order.
-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['authority', 'outcome', 'unprocessed', 'lodged', 'report', 'report_chunk', 'redelivery', 'delivery', 'acknowledgement', 'report_changes'] LOOP
        EXECUTE format('CREATE POLICY scope ON %I USING ((SELECT true WHERE current_setting(''noticehub.scope'', true) = ''*'') IS NOT NULL OR authority_id = ANY ((SELECT string_to_array(current_setting(''noticehub.scope'', true), '',''))::text[]))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['signing_key', 'inbox', 'parked'] LOOP
        EXECUTE format('CREATE POLICY scope ON %I USING ((SELECT true WHERE current_setting(''noticehub.scope'', true) = ''*'') IS NOT NULL)', t);
    END LOOP;
    CREATE POLICY scope ON outbox USING ((SELECT true WHERE current_setting('noticehub.scope', true) = '*') IS NOT NULL) WITH CHECK ((SELECT current_setting('noticehub.scope', true)) <> '');
    FOREACH t IN ARRAY ARRAY['authority', 'outcome', 'unprocessed', 'lodged', 'report', 'report_chunk', 'redelivery', 'delivery', 'acknowledgement', 'report_changes',
                             'signing_key', 'inbox', 'parked', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
