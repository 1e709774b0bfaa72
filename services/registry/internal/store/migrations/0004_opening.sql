-- +goose Up

-- Restricted records that Restricted Access officers opened for themselves, each
-- with the reason. An opening counts until its time by the business clock, and no
-- longer than its length by the database's own; it ends by itself. Rows stay: they
-- say why the record was looked at, and keep an action from being done twice.
CREATE TABLE opening (
    officer_id  text        NOT NULL CHECK (officer_id <> ''),
    action_id   text        COLLATE "C" NOT NULL,
    crn         text        COLLATE "C" NOT NULL,
    reason      text        NOT NULL CHECK (reason <> ''),
    opened_at   timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (officer_id, action_id),
    CONSTRAINT opening_time_box CHECK (until > opened_at AND until <= opened_at + interval '60 minutes')
);
CREATE INDEX opening_live ON opening (officer_id, until);
