-- +goose Up

-- Submissions, kept exactly as lodged, with what the receipt says. Insert-only
-- but for texts that have to be erased. Where a submission stands is in table
-- status, so that this wide row is never rewritten.
CREATE TABLE submission (
    id                   uuid        NOT NULL,
    authority_id         text        NOT NULL,
    reference            text        NOT NULL,
    crn                  text        CHECK (crn <> ''),
    lane                 bigint      CHECK (lane > 0),
    information_type     smallint    NOT NULL CHECK (information_type BETWEEN 1 AND 6),
    business_function    smallint    NOT NULL CHECK (business_function BETWEEN 1 AND 3),
    jurisdiction         smallint    NOT NULL CHECK (jurisdiction BETWEEN 1 AND 8),
    text_erased          boolean     NOT NULL DEFAULT false,
    earliest_report_date date        NOT NULL,
    lodged_at            timestamptz NOT NULL,
    parent_id            uuid,                               -- set when the hub created it
    case_worker          text        NOT NULL DEFAULT '',
    content_hash         bytea       NOT NULL CHECK (length(content_hash) = 32),
    receipt_batch        uuid        NOT NULL,               -- in table receipt_batch; written by the same transaction
    receipt_leaf         smallint    NOT NULL CHECK (receipt_leaf >= 0),
    payload              bytea       NOT NULL
);

-- PostgreSQL fills a row's indexes in the order they were created. The lane comes
-- first, so that two processes that lodge for one customer wait for each other
-- here, before either holds a reference the other needs: no deadlock.
CREATE UNIQUE INDEX submission_lane ON submission (crn, lane) WHERE crn IS NOT NULL;
ALTER TABLE submission ADD CONSTRAINT submission_reference UNIQUE (authority_id, reference);
ALTER TABLE submission ADD CONSTRAINT submission_pkey PRIMARY KEY (authority_id, id);
-- What the hub created sorts by its parent's time, not by its own.
CREATE INDEX submission_created ON submission (authority_id, id) WHERE parent_id IS NOT NULL;

-- What the receipts of one authority in one transaction have in common: the leaves
-- of their tree and the signature over its root. Also the trail the reconciler
-- follows: there are few rows a transaction here, so its index costs next to nothing.
CREATE TABLE receipt_batch (
    id           uuid        PRIMARY KEY,
    authority_id text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(), -- the database's time: age that no business clock bends
    key_id       text        NOT NULL,
    signature    bytea       NOT NULL CHECK (length(signature) = 64),
    leaves       bytea       NOT NULL CHECK (length(leaves) > 0 AND length(leaves) % 32 = 0),
    lodged       uuid[]      NOT NULL                -- submissions to follow: not those the hub created
);
-- Hashes cannot be compressed; trying to is wasted.
ALTER TABLE receipt_batch ALTER COLUMN leaves SET STORAGE EXTERNAL;
CREATE INDEX receipt_batch_recorded ON receipt_batch (recorded_at);

-- Where submissions stand, a row a status; PENDING (version 1) is the submission
-- row itself and AUTO_PROCESSING (2) is implied by 3. Insert-only, but for reasons
-- announced again. tx orders the changes for those who watch; see store.Watch.
CREATE TABLE status (
    submission_id uuid        NOT NULL,
    version       int         NOT NULL CHECK (version > 1),
    status        smallint    NOT NULL CHECK (status BETWEEN 2 AND 6),
    outcome       smallint    NOT NULL DEFAULT 0 CHECK (outcome BETWEEN 0 AND 12),
    by_officer    boolean     NOT NULL DEFAULT false,
    at            timestamptz NOT NULL,
    start_date    date,
    end_date      date,
    tx            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    authority_id  text        NOT NULL,
    crn           text        NOT NULL DEFAULT '',
    note          text        NOT NULL DEFAULT '',
    reasons       smallint[]  NOT NULL DEFAULT '{}',
    CONSTRAINT status_pkey PRIMARY KEY (submission_id, version)
);
CREATE INDEX status_watch ON status (authority_id, tx, submission_id, version);

-- Referring authorities as the registry announced them.
CREATE TABLE authority (
    id                text        PRIMARY KEY,
    business_function smallint    NOT NULL,
    jurisdiction      smallint    NOT NULL,
    enabled           boolean     NOT NULL,
    record_version    bigint      NOT NULL
);

-- Requests to take a submission back, whether or not it has arrived.
CREATE TABLE withdrawal (
    authority_id text        NOT NULL,
    reference    text        NOT NULL,
    id           uuid        NOT NULL,
    note         text        NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (authority_id, reference)
);

-- How many submissions an authority lodged on a local day, and how many of them
-- were mutual client searches: what its daily quotas are held against. Few rows,
-- written often: room for the new versions beside the old ones.
CREATE TABLE lodged_on (
    authority_id text   NOT NULL,
    day          date   NOT NULL,
    submissions  bigint NOT NULL,
    searches     bigint NOT NULL,
    PRIMARY KEY (authority_id, day)
) WITH (fillfactor = 50);

-- The reconciler looks at every submission once, when it is old enough. Those
-- without any status by then are stragglers until they have one.
CREATE TABLE reconciled (
    sole  boolean     PRIMARY KEY DEFAULT true CHECK (sole),
    up_to timestamptz NOT NULL
);
INSERT INTO reconciled (up_to) VALUES ('2000-01-01');

CREATE TABLE straggler (
    submission_id uuid        PRIMARY KEY,
    authority_id  text        NOT NULL,
    announced_at  timestamptz NOT NULL,
    announced     int         NOT NULL DEFAULT 0
);

-- The kit's outbox and inbox.
CREATE TABLE outbox (
    id            uuid        PRIMARY KEY,
    stream        text        NOT NULL,
    subject       text        NOT NULL,
    headers       jsonb,
    payload       bytea       NOT NULL,
    traceparent   text        NOT NULL DEFAULT '',
    publish_after timestamptz NOT NULL DEFAULT now() + interval '5 seconds',
    attempts      int         NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (publish_after);

CREATE TABLE inbox (
    consumer    text        NOT NULL,
    message_id  text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, message_id)
);
CREATE TABLE parked (
    consumer    text        NOT NULL,
    event_id    uuid        NOT NULL,
    key         text        NOT NULL DEFAULT '',
    position    bigint      GENERATED ALWAYS AS IDENTITY,
    data        bytea       NOT NULL,
    traceparent text        NOT NULL DEFAULT '',
    attempts    int         NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,
    state       text        NOT NULL CHECK (state IN ('retry', 'waiting', 'quarantined')),
    cause       text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX parked_due ON parked (consumer, next_at) WHERE state <> 'quarantined';
CREATE INDEX parked_key ON parked (consumer, key);
CREATE INDEX parked_age ON parked (created_at, consumer, event_id);

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
    FOREACH t IN ARRAY ARRAY['submission', 'receipt_batch', 'status', 'withdrawal', 'lodged_on', 'straggler'] LOOP
        EXECUTE format('CREATE POLICY scope ON %I USING ((SELECT true WHERE current_setting(''noticehub.scope'', true) = ''*'') IS NOT NULL OR authority_id = ANY ((SELECT string_to_array(current_setting(''noticehub.scope'', true), '',''))::text[]))', t);
    END LOOP;
    CREATE POLICY scope ON authority USING ((SELECT true WHERE current_setting('noticehub.scope', true) = '*') IS NOT NULL OR id = ANY ((SELECT string_to_array(current_setting('noticehub.scope', true), ','))::text[]));
    FOREACH t IN ARRAY ARRAY['reconciled', 'inbox', 'parked'] LOOP
        EXECUTE format('CREATE POLICY scope ON %I USING ((SELECT true WHERE current_setting(''noticehub.scope'', true) = ''*'') IS NOT NULL)', t);
    END LOOP;
    CREATE POLICY scope ON outbox USING ((SELECT true WHERE current_setting('noticehub.scope', true) = '*') IS NOT NULL) WITH CHECK ((SELECT current_setting('noticehub.scope', true)) <> '');
    FOREACH t IN ARRAY ARRAY['submission', 'receipt_batch', 'status', 'withdrawal', 'lodged_on', 'straggler', 'authority',
                             'reconciled', 'inbox', 'parked', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
