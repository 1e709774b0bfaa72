-- +goose Up

-- For whom access to a restricted record is lifted, as the service that decides
-- it told. A lift counts until its time by the business clock, and no longer than
-- its length by the database's own since it was told. A row whose lift is over
-- stays: told again, late, it must not open the record again.
CREATE TABLE lift (
    case_id     uuid        PRIMARY KEY,
    crn         text COLLATE "C" NOT NULL,
    officer_id  text        NOT NULL,
    lifted_at   timestamptz, -- unset while only the end is told
    until       timestamptz,
    ended       boolean     NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT lift_time_box CHECK ((until IS NULL AND lifted_at IS NULL AND ended)
        OR coalesce(until > lifted_at AND until <= lifted_at + interval '480 minutes', false))
);
CREATE INDEX lift_live ON lift (crn, officer_id) WHERE NOT ended;
