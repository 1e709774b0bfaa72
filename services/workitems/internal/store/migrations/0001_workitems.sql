-- +goose Up

-- What the generator knows of a customer: the facts that date triggers look at,
-- and the version of the record they are of. Changes of one customer are applied
-- in the order of versions, none left out.
CREATE TABLE customer (
    crn            text COLLATE "C" PRIMARY KEY,
    record_version bigint  NOT NULL CHECK (record_version >= 0),
    office         text    NOT NULL DEFAULT '',
    restricted     boolean NOT NULL DEFAULT false,
    -- Encoded facts; empty until the first change arrived.
    facts          bytea   NOT NULL DEFAULT '',
    -- The first day on which a date trigger may raise something; NULL means never.
    next_due       date,
    -- The last day for which date triggers were looked at.
    checked_on     date
) WITH (fillfactor = 80); -- most changes keep next_due, and then stay on their page
-- The sweep walks it in this order, past what it has seen to.
CREATE INDEX customer_due ON customer (next_due, crn) WHERE next_due IS NOT NULL;
-- The few whose items are not counted for everybody.
CREATE INDEX customer_restricted ON customer (crn) WHERE restricted;

-- What events told of records that officers must not see: their own or a
-- relative's. None is ever taken back.
CREATE TABLE conflict (
    officer_id text COLLATE "C" NOT NULL,
    crn        text COLLATE "C" NOT NULL,
    PRIMARY KEY (officer_id, crn)
);

-- What notice events told of each notice.
CREATE TABLE notice (
    notice_id    uuid     PRIMARY KEY,
    crn          text COLLATE "C" NOT NULL,
    authority_id text COLLATE "C" NOT NULL,
    measure      smallint NOT NULL,
    state        smallint NOT NULL,
    start_date   date     NOT NULL,
    end_date     date     NOT NULL,
    version      int      NOT NULL CHECK (version >= 1),
    -- The end for which the item "ends in 35 days" was raised; NULL while it was
    -- not, and again once the end is another day.
    warned_end   date
);
-- Child protection notices (measure 2) in force (state 2) of whose end nobody
-- was warned. How many days before it that is due is the catalogue's to say.
CREATE INDEX notice_ending ON notice (end_date, notice_id) WHERE state = 2 AND measure = 2 AND warned_end IS NULL;

-- Work items. cause says what of (such as "addresses" or "child/…"); occurrence
-- which time: together they make an item unique for ever, so that an event or a
-- sweep that comes again raises nothing.
CREATE TABLE work_item (
    id           uuid        PRIMARY KEY,
    crn          text COLLATE "C" NOT NULL,
    code         text COLLATE "C" NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    occurrence   text COLLATE "C" NOT NULL,
    -- The value of the title's "####"; may be personal.
    value        text        NOT NULL DEFAULT '',
    measure      smallint    NOT NULL DEFAULT 0,
    office       text COLLATE "C" NOT NULL DEFAULT '',
    -- 1 open, 2 investigating, 3 completed, 4 closed by a related activity.
    status       smallint    NOT NULL CHECK (status BETWEEN 1 AND 4),
    assignee     text COLLATE "C" NOT NULL DEFAULT '',
    raised_at    timestamptz NOT NULL,
    due_on       date        NOT NULL,
    started_at   timestamptz,
    closed_at    timestamptz,
    component_on date,
    version      int         NOT NULL DEFAULT 1 CHECK (version >= 1),
    CONSTRAINT work_item_once UNIQUE (crn, code, cause, occurrence),
    CONSTRAINT work_item_closed CHECK ((status >= 3) = (closed_at IS NOT NULL)),
    CONSTRAINT work_item_started CHECK (status <> 2 OR (started_at IS NOT NULL AND assignee <> ''))
);
-- One open item for each customer, code and cause.
CREATE UNIQUE INDEX work_item_one_open ON work_item (crn, code, cause) WHERE status <= 2;
CREATE INDEX work_item_customer ON work_item (crn, raised_at, id);
CREATE INDEX work_item_assignee ON work_item (assignee, raised_at, id) WHERE status <= 2 AND assignee <> '';
CREATE INDEX work_item_office ON work_item (office, code, raised_at, id) WHERE status <= 2;
CREATE INDEX work_item_code ON work_item (code, raised_at, id) WHERE status <= 2;
-- Office and officer ride along for counting by age, which then reads no items.
CREATE INDEX work_item_open ON work_item (raised_at, id) INCLUDE (office, assignee) WHERE status <= 2;
CREATE INDEX work_item_age ON work_item (raised_at, id);

-- Occurrences that raised nothing because an item of the same cause was open
-- then: they stay covered by it after it is closed.
CREATE TABLE covered (
    crn        text COLLATE "C" NOT NULL,
    code       text COLLATE "C" NOT NULL,
    cause      text COLLATE "C" NOT NULL,
    occurrence text COLLATE "C" NOT NULL,
    PRIMARY KEY (crn, code, cause, occurrence)
);

-- Open items by code and office, kept by triggers so that counting never reads
-- the items: the counts are the sums over open. Rows are only added, so that
-- nobody waits for anybody, and summed up into few now and then.
CREATE TABLE work_item_count (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code   text COLLATE "C" NOT NULL,
    office text COLLATE "C" NOT NULL,
    open   bigint NOT NULL
);
CREATE INDEX work_item_count_code ON work_item_count (code, office);
-- The same by officer, of what is assigned; and by the UTC day an item was
-- raised. Days long past are summed up into one, -infinity.
CREATE TABLE assignee_count (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office   text COLLATE "C" NOT NULL,
    assignee text COLLATE "C" NOT NULL CHECK (assignee <> ''),
    open     bigint NOT NULL
);
CREATE TABLE day_count (
    id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office   text COLLATE "C" NOT NULL,
    day      date    NOT NULL,
    assigned boolean NOT NULL,
    open     bigint  NOT NULL
);

-- Every step of every item.
CREATE TABLE work_item_step (
    work_item_id uuid        NOT NULL,
    version      int         NOT NULL CHECK (version >= 1),
    action       text        NOT NULL,
    actor        text        NOT NULL,
    at           timestamptz NOT NULL,
    note         text        NOT NULL DEFAULT '',
    event_id     uuid,
    PRIMARY KEY (work_item_id, version)
);

-- Officers' actions by the id the caller chose, so that a repetition is one action.
CREATE TABLE action (
    action_id  uuid  PRIMARY KEY,
    item_id    uuid  NOT NULL,
    officer_id text  NOT NULL,
    digest     bytea NOT NULL
);

-- Manual follow-ups (MFU); the INM/ACT activities are the work items themselves.
CREATE TABLE follow_up (
    id         uuid        PRIMARY KEY,
    crn        text COLLATE "C" NOT NULL,
    title      text        NOT NULL,
    keywords   text[]      NOT NULL,
    office     text        NOT NULL,
    matures_on date        NOT NULL,
    status     smallint    NOT NULL CHECK (status BETWEEN 1 AND 3),
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL,
    closed_by  text        NOT NULL DEFAULT '',
    closed_at  timestamptz,
    note       text        NOT NULL DEFAULT ''
);
CREATE INDEX follow_up_customer ON follow_up (crn, created_at DESC, id DESC);

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

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON work_item_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A completed or closed item never changes, and none is ever deleted.
CREATE TRIGGER terminal BEFORE UPDATE ON work_item
    FOR EACH ROW WHEN (OLD.status >= 3) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON work_item
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
CREATE FUNCTION count_raised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work_item_count (code, office, open)
    SELECT code, office, count(*) FROM raised WHERE status <= 2 GROUP BY code, office;
    INSERT INTO assignee_count (office, assignee, open)
    SELECT office, assignee, count(*) FROM raised WHERE status <= 2 AND assignee <> '' GROUP BY office, assignee;
    INSERT INTO day_count (office, day, assigned, open)
    SELECT office, (raised_at AT TIME ZONE 'UTC')::date, assignee <> '', count(*) FROM raised WHERE status <= 2 GROUP BY 1, 2, 3;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work_item_count (code, office, open)
    SELECT code, office, sum(n) FROM (
        SELECT code, office, -1 AS n FROM earlier WHERE status <= 2
        UNION ALL SELECT code, office, 1 FROM later WHERE status <= 2) AS c
    GROUP BY code, office HAVING sum(n) <> 0;
    INSERT INTO assignee_count (office, assignee, open)
    SELECT office, assignee, sum(n) FROM (
        SELECT office, assignee, -1 AS n FROM earlier WHERE status <= 2 AND assignee <> ''
        UNION ALL SELECT office, assignee, 1 FROM later WHERE status <= 2 AND assignee <> '') AS c
    GROUP BY office, assignee HAVING sum(n) <> 0;
    INSERT INTO day_count (office, day, assigned, open)
    SELECT office, (raised_at AT TIME ZONE 'UTC')::date, assignee <> '', sum(n) FROM (
        SELECT office, raised_at, assignee, -1 AS n FROM earlier WHERE status <= 2
        UNION ALL SELECT office, raised_at, assignee, 1 FROM later WHERE status <= 2) AS c
    GROUP BY 1, 2, 3 HAVING sum(n) <> 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER count_raised AFTER INSERT ON work_item REFERENCING NEW TABLE AS raised
    FOR EACH STATEMENT EXECUTE FUNCTION count_raised();
CREATE TRIGGER count_changed AFTER UPDATE ON work_item REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();

-- Whether a record is restricted says whose counts its items are part of: a row
-- that counts nothing tells those who watch the counts that they changed.
-- +goose StatementBegin
CREATE FUNCTION count_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO work_item_count (code, office, open) VALUES ('', '', 0);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER count_otherwise AFTER UPDATE OF restricted ON customer
    FOR EACH ROW WHEN (OLD.restricted <> NEW.restricted) EXECUTE FUNCTION count_otherwise();
