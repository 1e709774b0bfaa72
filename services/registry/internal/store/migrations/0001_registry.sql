-- +goose Up

-- A customer's record. The body is the encoded record as it travels, without
-- version and register measure, so that answering for a batch of submissions
-- copies bytes and decodes nothing. Only what is searched or joined has a column.
CREATE TABLE customer (
    crn            text COLLATE "C" PRIMARY KEY,
    record_version bigint NOT NULL CHECK (record_version >= 1),
    partner_crn    text COLLATE "C" CHECK (partner_crn <> crn),
    restricted     boolean NOT NULL,
    body           bytea NOT NULL,
    updated_at     timestamptz NOT NULL
);

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

-- What notice events told of each notice that has been in force or has left
-- the register. The customer's measure is read from here, not stored with the
-- customer: it is right whatever order events come in, also for customers that
-- arrive later, and no wide row is rewritten.
CREATE TABLE notice (
    notice_id  uuid PRIMARY KEY,
    crn        text COLLATE "C" NOT NULL,
    measure    smallint NOT NULL,
    state      smallint NOT NULL,
    start_date date NOT NULL,
    version    integer NOT NULL CHECK (version >= 1)
);
-- 2 is ACTIVE.
CREATE INDEX notice_in_force ON notice (crn, start_date DESC, notice_id DESC) INCLUDE (measure) WHERE state = 2;

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
