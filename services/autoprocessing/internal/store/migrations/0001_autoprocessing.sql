-- +goose Up

-- Submissions, once they are decided or given to an officer. Narrow, and
-- inserted with their final status by automatic processing; only officers and
-- late withdrawals update a row. No foreign keys on the tables of the hot path:
-- their rows are written in one transaction, and checking costs a look-up and a
-- row lock each.
CREATE TABLE submission (
    id                uuid        PRIMARY KEY,
    authority_id      text COLLATE "C" NOT NULL,
    business_function smallint    NOT NULL CHECK (business_function BETWEEN 1 AND 3),
    jurisdiction      smallint    NOT NULL,
    reference         text COLLATE "C" NOT NULL,
    information_type  smallint    NOT NULL CHECK (information_type BETWEEN 1 AND 5),
    status            smallint    NOT NULL CHECK (status BETWEEN 3 AND 6),
    outcome           smallint    NOT NULL,
    crn               text COLLATE "C" CHECK (crn <> ''),
    lane              bigint      CHECK (lane > 0),
    lodged_at         timestamptz NOT NULL,
    since             timestamptz NOT NULL,
    case_worker       text        NOT NULL,
    version           int         NOT NULL CHECK (version >= 2),
    parent_id         uuid,
    CONSTRAINT submission_outcome CHECK (CASE status
        WHEN 3 THEN outcome = 0
        WHEN 4 THEN outcome BETWEEN 1 AND 10
        WHEN 5 THEN outcome = 11
        ELSE outcome = 12 END)
);
-- The natural key, and what withdrawals look up.
CREATE UNIQUE INDEX submission_reference ON submission (authority_id, reference);
-- The order of one customer's submissions; also finds all of a customer.
CREATE UNIQUE INDEX submission_lane ON submission (crn, lane) WHERE crn IS NOT NULL;
-- The queue search reads one range of one of these for every combination asked for.
CREATE INDEX submission_by_authority ON submission (authority_id, information_type, status, lodged_at, id);
CREATE INDEX submission_by_function ON submission (business_function, information_type, status, lodged_at, id);

-- Every decision with what it saw: number 1 is the first, later ones repeat it.
-- Versions 2 and 3 of a submission's transition log are read from number 1.
CREATE TABLE decision (
    submission_id  uuid        NOT NULL,
    number         int         NOT NULL CHECK (number >= 1),
    policy_version text        NOT NULL,
    decided_at     timestamptz NOT NULL,
    facts          bytea       NOT NULL,
    verdicts       bytea       NOT NULL,
    reasons        smallint[]  NOT NULL,
    outcome        smallint    NOT NULL,
    crn            text COLLATE "C" NOT NULL,
    start_date     date,
    end_date       date,
    note           text        NOT NULL DEFAULT '',
    -- The trace it was decided in; a trace id has the size of a UUID.
    trace          uuid,
    PRIMARY KEY (submission_id, number),
    CONSTRAINT decision_result CHECK ((outcome = 0) = (cardinality(reasons) > 0))
);

-- What waits for an officer. Closed entries stay without what was lodged.
CREATE TABLE queue_entry (
    submission_id    uuid        PRIMARY KEY,
    lodged_at        timestamptz NOT NULL, -- the submission's, for the order of searches
    entered_at       timestamptz NOT NULL,
    closed_at        timestamptz,
    reasons          smallint[]  NOT NULL CHECK (cardinality(reasons) > 0),
    lodged           bytea,
    candidates       bytea,
    held_by          text        NOT NULL DEFAULT '',
    claim_expires_at timestamptz,
    assigned         boolean     NOT NULL DEFAULT false,
    hold_until       date,
    CONSTRAINT queue_entry_erased CHECK (closed_at IS NULL
        OR (lodged IS NULL AND candidates IS NULL AND held_by = '' AND hold_until IS NULL)),
    CONSTRAINT queue_entry_holder CHECK (CASE
        WHEN held_by = '' THEN claim_expires_at IS NULL AND NOT assigned
        ELSE assigned = (claim_expires_at IS NULL) END)
);
CREATE INDEX queue_entry_open ON queue_entry (lodged_at, submission_id) WHERE closed_at IS NULL;
CREATE INDEX queue_entry_claims ON queue_entry (claim_expires_at) WHERE claim_expires_at IS NOT NULL;
CREATE INDEX queue_entry_holds ON queue_entry (hold_until) WHERE hold_until IS NOT NULL;
CREATE INDEX queue_entry_holder ON queue_entry (held_by) WHERE held_by <> '';
CREATE INDEX queue_entry_entered ON queue_entry (entered_at) WHERE closed_at IS NULL;

-- The open queue in numbers, kept by triggers so that counting never reads the
-- queue: the counts are the sums over n. Rows are only added, so that nobody
-- waits for anybody, and summed up into few now and then. Values are those of
-- the dimension: a reason, an authority, an information type, or the UTC hour of entry.
CREATE TABLE queue_count (
    id        bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dimension text     NOT NULL CHECK (dimension IN ('reason', 'authority', 'information_type', 'hour')),
    value     text     NOT NULL,
    n         bigint   NOT NULL
);

-- The transition log from the first officer's action on, versions 3 or 4 and up.
CREATE TABLE transition (
    submission_id      uuid        NOT NULL REFERENCES submission (id),
    version            int         NOT NULL CHECK (version >= 3),
    from_status        smallint    NOT NULL,
    to_status          smallint    NOT NULL,
    actor              text        NOT NULL CHECK (actor <> ''),
    cause              text        NOT NULL CHECK (cause <> ''),
    at                 timestamptz NOT NULL,
    recorded_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    officer_id         text        NOT NULL DEFAULT '',
    declaration        boolean     NOT NULL DEFAULT false,
    outcome            smallint    NOT NULL,
    crn                text COLLATE "C" NOT NULL DEFAULT '',
    start_date         date,
    end_date           date,
    note_for_authority text        NOT NULL DEFAULT '',
    reasons            smallint[]  NOT NULL,
    policy_version     text        NOT NULL DEFAULT '',
    trace              uuid,
    PRIMARY KEY (submission_id, version),
    CONSTRAINT transition_pair CHECK (from_status = 3 AND to_status BETWEEN 4 AND 6)
);

CREATE TABLE note (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submission_id uuid        NOT NULL REFERENCES submission (id),
    officer_id    text        NOT NULL,
    action        text        NOT NULL,
    text          text        NOT NULL,
    at            timestamptz NOT NULL,
    -- Written while access to a restricted record was lifted: it may tell of it.
    guarded       boolean     NOT NULL
);
CREATE INDEX note_submission ON note (submission_id, id);

-- Officers' actions that take effect once. The digest tells a repetition from
-- another action under the same id.
CREATE TABLE action (
    submission_id uuid        NOT NULL REFERENCES submission (id),
    action_id     text        NOT NULL,
    officer_id    text        NOT NULL,
    digest        bytea       NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (submission_id, action_id)
);

-- One row a customer whose notices were ever looked at to be changed; locked,
-- in the order of the CRNs, by everything that changes the register.
CREATE TABLE customer_anchor (
    crn text COLLATE "C" PRIMARY KEY
);

-- The notice register. Periods are local dates, inclusive.
CREATE TABLE notice (
    id                  uuid        PRIMARY KEY,
    crn                 text COLLATE "C" NOT NULL CHECK (crn ~ '^[0-9]{9}[A-Z]$'),
    authority_id        text COLLATE "C" NOT NULL,
    measure             smallint    NOT NULL CHECK (measure BETWEEN 1 AND 3),
    state               smallint    NOT NULL CHECK (state BETWEEN 1 AND 4),
    start_date          date        NOT NULL,
    end_date            date        NOT NULL,
    quarantined_percent smallint    NOT NULL CHECK (quarantined_percent BETWEEN 1 AND 100),
    continues_notice_id uuid,
    submission_id       uuid        NOT NULL,
    revoked_at          timestamptz,
    -- Set once the end was moved forward: when, from which day, and whether a
    -- notice to revoke was the cause.
    cut_at              timestamptz,
    cut_from            date,
    cut_revoked         boolean     NOT NULL,
    recorded_at         timestamptz NOT NULL,
    version             int         NOT NULL CHECK (version >= 1),
    -- The day of the next change by date.
    due date GENERATED ALWAYS AS (CASE state WHEN 1 THEN start_date WHEN 2 THEN end_date + 1 END) STORED,
    -- The CRN as a number, one to one: the exclusion constraint finds its place by
    -- numbers in a third of the time it takes by text.
    customer bigint GENERATED ALWAYS AS (left(crn, 9)::bigint * 32 + ascii(right(crn, 1)) - 64) STORED,
    CONSTRAINT notice_period CHECK (end_date >= start_date),
    CONSTRAINT notice_cut CHECK ((cut_at IS NULL) = (cut_from IS NULL) AND (cut_at IS NOT NULL OR NOT cut_revoked)),
    CONSTRAINT notice_revoked CHECK ((state = 4) = (revoked_at IS NOT NULL)),
    CONSTRAINT notice_overlap EXCLUDE USING gist (customer WITH =, daterange(start_date, end_date, '[]') WITH &&) WHERE (state <> 4)
);
CREATE UNIQUE INDEX notice_one_active ON notice (crn) WHERE state = 2;
CREATE INDEX notice_crn ON notice (crn);
CREATE INDEX notice_due ON notice (due) WHERE due IS NOT NULL;

-- Every version of every notice. effective_at is when it became so (the start
-- of the day for changes by date), recorded_at when the hub wrote it down.
-- Positions order the changes of one customer as they were made, whatever the
-- clocks of the replicas: each is taken under the customer's lock.
CREATE TABLE notice_history (
    position      bigint      GENERATED ALWAYS AS IDENTITY,
    notice_id     uuid        NOT NULL,
    version       int         NOT NULL CHECK (version >= 1),
    state         smallint    NOT NULL,
    start_date    date        NOT NULL,
    end_date      date        NOT NULL,
    revoked_at    timestamptz,
    effective_at  timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    actor         text        NOT NULL,
    submission_id uuid,
    PRIMARY KEY (notice_id, version)
);

-- Requests to take a submission back; they may come before the submission.
-- Settled: nothing is left to be done.
CREATE TABLE withdrawal (
    authority_id text COLLATE "C" NOT NULL,
    reference    text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    note         text        NOT NULL,
    settled      boolean     NOT NULL,
    PRIMARY KEY (authority_id, reference)
);
CREATE INDEX withdrawal_open ON withdrawal (requested_at) WHERE NOT settled;

-- What was disclosed, as it was then.
CREATE TABLE disclosure (
    submission_id uuid        PRIMARY KEY,
    authority_id  text COLLATE "C" NOT NULL,
    crn           text COLLATE "C" NOT NULL,
    content       bytea       NOT NULL,
    disclosed_at  timestamptz NOT NULL
);

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

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transition
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A terminal submission never changes, and none is ever deleted.
CREATE TRIGGER terminal BEFORE UPDATE ON submission
    FOR EACH ROW WHEN (OLD.status <> 3) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON submission
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
-- The reasons everybody may count and search by: of a restricted record (4) only
-- that it is; the others would describe it.
CREATE FUNCTION shown_reasons(reasons smallint[]) RETURNS smallint[] LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN 4 = ANY (reasons) THEN '{4}'::smallint[] ELSE reasons END;
CREATE FUNCTION count_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO queue_count (dimension, value, n)
    SELECT c.dimension, c.value, count(*)
    FROM entered e JOIN submission s ON s.id = e.submission_id
        CROSS JOIN LATERAL (
            SELECT 'reason' AS dimension, r::text AS value FROM unnest(shown_reasons(e.reasons)) AS r
            UNION ALL SELECT 'authority', s.authority_id
            UNION ALL SELECT 'information_type', s.information_type::text
            UNION ALL SELECT 'hour', floor(extract(epoch FROM e.entered_at) / 3600)::bigint::text) c
    WHERE e.closed_at IS NULL
    GROUP BY 1, 2;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO queue_count (dimension, value, n)
    SELECT c.dimension, c.value, sum(c.n)
    FROM earlier o JOIN later e USING (submission_id) JOIN submission s ON s.id = e.submission_id
        CROSS JOIN LATERAL (
            SELECT 'reason' AS dimension, r::text AS value, -1 AS n FROM unnest(shown_reasons(o.reasons)) AS r
            UNION ALL SELECT 'reason', r::text, 1 FROM unnest(shown_reasons(e.reasons)) AS r WHERE e.closed_at IS NULL
            UNION ALL SELECT 'authority', s.authority_id, -1 WHERE e.closed_at IS NOT NULL
            UNION ALL SELECT 'information_type', s.information_type::text, -1 WHERE e.closed_at IS NOT NULL
            UNION ALL SELECT 'hour', floor(extract(epoch FROM o.entered_at) / 3600)::bigint::text, -1 WHERE e.closed_at IS NOT NULL) c
    WHERE o.closed_at IS NULL AND (e.closed_at IS NOT NULL OR e.reasons <> o.reasons)
    GROUP BY 1, 2 HAVING sum(c.n) <> 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER count_entered AFTER INSERT ON queue_entry REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION count_entered();
CREATE TRIGGER count_changed AFTER UPDATE ON queue_entry REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();
