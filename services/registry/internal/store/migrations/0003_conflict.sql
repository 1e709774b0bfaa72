-- +goose Up

-- Records that a person must not see, restricted or not: the person's own and
-- relatives'. Told by the service that takes the declarations; never taken back.
CREATE TABLE conflict (
    officer_id text NOT NULL CHECK (officer_id <> ''),
    crn        text COLLATE "C" NOT NULL CHECK (crn <> ''),
    PRIMARY KEY (officer_id, crn)
);
