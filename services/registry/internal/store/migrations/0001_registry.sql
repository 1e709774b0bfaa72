-- +goose Up

-- A customer's record. The body is the encoded record as it travels, without
-- version and register measure, so that answering for a batch of submissions
-- copies bytes and decodes nothing. Only what is searched or joined has a column.
CREATE TABLE customer (
    crn            text COLLATE "C" PRIMARY KEY,
    record_version bigint NOT NULL CHECK (record_version >= 1),
    partner_crn    text COLLATE "C" CHECK (partner_crn <> crn),
    nominee_crn    text COLLATE "C",
    restricted     boolean NOT NULL,
    -- What partners' and principals' records repeat of this one.
    carer_allowance smallint NOT NULL,
    deceased       boolean NOT NULL,
    body           bytea NOT NULL,
    -- When the last version was recorded (business time).
    updated_at     timestamptz NOT NULL
);
CREATE INDEX customer_partner ON customer (partner_crn) WHERE partner_crn IS NOT NULL;
CREATE INDEX customer_nominee ON customer (nominee_crn) WHERE nominee_crn IS NOT NULL;

-- Every version of every record, complete as it travels, with who made it.
CREATE TABLE customer_version (
    crn            text COLLATE "C" NOT NULL,
    record_version bigint NOT NULL CHECK (record_version >= 1),
    recorded_at    timestamptz NOT NULL,
    actor          text NOT NULL CHECK (actor <> ''),
    reason         text NOT NULL,
    changed        text[] NOT NULL,
    body           bytea NOT NULL,
    PRIMARY KEY (crn, record_version)
);

-- What was recorded stays as it was recorded.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER customer_version_stays BEFORE UPDATE OR DELETE ON customer_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_version_stays_whole BEFORE TRUNCATE ON customer_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every name a customer is or was known by, normalised, for searches by
-- particulars. The key starts with the date of birth: it splits best and is always given.
CREATE TABLE customer_name (
    dob         date NOT NULL,
    family_norm text COLLATE "C" NOT NULL CHECK (family_norm <> ''),
    given_norm  text COLLATE "C" NOT NULL,
    crn         text COLLATE "C" NOT NULL REFERENCES customer ON DELETE CASCADE,
    PRIMARY KEY (dob, family_norm, given_norm, crn)
);
CREATE INDEX customer_name_crn ON customer_name (crn);

-- What notice events told of each notice. The customer's measure in force is
-- read from here: it is right whatever order events come in, also for customers
-- that arrive later. The spells under measures in a record are made from here too.
CREATE TABLE notice (
    notice_id    uuid PRIMARY KEY,
    crn          text COLLATE "C" NOT NULL,
    authority_id text COLLATE "C" NOT NULL,
    measure      smallint NOT NULL,
    state        smallint NOT NULL,
    start_date   date NOT NULL,
    end_date     date NOT NULL,
    -- Local day it was revoked.
    revoked_on   date,
    version      integer NOT NULL CHECK (version >= 1)
);
-- 2 is ACTIVE.
CREATE INDEX notice_in_force ON notice (crn, start_date DESC, notice_id DESC) INCLUDE (measure) WHERE state = 2;
CREATE INDEX notice_customer ON notice (crn);

-- Work items that prevent allocations to a customer's card while they are open.
CREATE TABLE card_hold (
    work_item_id uuid PRIMARY KEY,
    crn          text COLLATE "C" NOT NULL,
    held         boolean NOT NULL
);
CREATE INDEX card_hold_customer ON card_hold (crn) WHERE held;

-- School Meals providers, and whose expenses name them.
CREATE TABLE provider (
    provider_id    text COLLATE "C" PRIMARY KEY,
    name           text NOT NULL,
    fee_cents      bigint NOT NULL CHECK (fee_cents >= 0),
    ends_on        date,
    record_version bigint NOT NULL CHECK (record_version >= 1)
);
CREATE TABLE customer_provider (
    provider_id text COLLATE "C" NOT NULL,
    crn         text COLLATE "C" NOT NULL REFERENCES customer ON DELETE CASCADE,
    PRIMARY KEY (provider_id, crn)
);
CREATE INDEX customer_provider_crn ON customer_provider (crn);

-- What a change means for other records, written with the change and worked off
-- after it. refresh: bring the record of crn in line with what it repeats of
-- others; spread: refresh all that name crn; provider: refresh all that name the
-- provider in payload, crn being how far that has come.
CREATE TABLE follow_on (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what       text NOT NULL CHECK (what IN ('refresh', 'spread', 'provider')),
    crn        text COLLATE "C" NOT NULL,
    payload    text NOT NULL DEFAULT '',
    -- Whether it was tried before what it needs was there.
    again      boolean NOT NULL DEFAULT false,
    due_at     timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX follow_on_due ON follow_on (what, due_at, id);

-- Documents (DOC) on customers' records. The id is derived from what the
-- document is about, so placing it again finds it there. No foreign key: an
-- outcome may name a customer the registry learns of later.
CREATE TABLE document (
    document_id   uuid PRIMARY KEY,
    crn           text COLLATE "C" NOT NULL,
    title         text NOT NULL,
    body          text NOT NULL,
    submission_id uuid,
    officer_id    text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL
);
CREATE INDEX document_newest ON document (crn, created_at DESC, document_id DESC);

-- Authorities that may refer customers.
CREATE TABLE authority (
    authority_id      text COLLATE "C" PRIMARY KEY,
    name              text NOT NULL,
    business_function smallint NOT NULL,
    jurisdiction      smallint NOT NULL,
    enabled           boolean NOT NULL,
    reports_from      date NOT NULL,
    record_version    bigint NOT NULL CHECK (record_version >= 1)
);

-- Feeds.

-- Every record of a feed that was taken. References are kept for good: a record
-- sent again, however late, is known. state: 1 applied, 2 set aside.
CREATE TABLE feed_record (
    feed        text COLLATE "C" NOT NULL,
    reference   text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    crn         text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    state       smallint NOT NULL CHECK (state IN (1, 2)),
    PRIMARY KEY (feed, reference)
);
-- The newest applied one of a feed and customer says what is out of order.
CREATE INDEX feed_record_newest ON feed_record (crn, feed, occurred_at) WHERE state = 1;

-- The records set aside, until they can be applied. reason is the contract's
-- number. Each filter of the list is served by an index in the order of the list.
CREATE TABLE feed_quarantine (
    record_id      uuid PRIMARY KEY,
    feed           text COLLATE "C" NOT NULL,
    reference      text COLLATE "C" NOT NULL,
    crn            text COLLATE "C" NOT NULL,
    reason         smallint NOT NULL CHECK (reason BETWEEN 1 AND 3),
    detail         text NOT NULL,
    record         bytea NOT NULL,
    quarantined_at timestamptz NOT NULL,
    tries          integer NOT NULL CHECK (tries >= 1),
    UNIQUE (feed, reference),
    FOREIGN KEY (feed, reference) REFERENCES feed_record
);
CREATE INDEX feed_quarantine_feed ON feed_quarantine (feed, record_id);
CREATE INDEX feed_quarantine_feed_reason ON feed_quarantine (feed, reason, record_id);
CREATE INDEX feed_quarantine_reason ON feed_quarantine (reason, record_id);
CREATE INDEX feed_quarantine_crn ON feed_quarantine (crn, record_id);

-- The kit's tables: outbox.Table, then inbox.Table.
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
