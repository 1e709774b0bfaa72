-- +goose Up

-- Sign-ins under way: from the way to the provider until the way back. A row is
-- used once. Its cookie and state are kept as hashes only.
CREATE TABLE attempt (
    cookie_hash bytea       PRIMARY KEY CHECK (octet_length(cookie_hash) = 32),
    state_hash  bytea       NOT NULL CHECK (octet_length(state_hash) = 32),
    nonce       text        NOT NULL CHECK (nonce <> ''),
    verifier    text        NOT NULL CHECK (verifier <> ''), -- of PKCE
    return_path text        NOT NULL CHECK (return_path LIKE '/%'),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX attempt_expiry ON attempt (expires_at);

-- Sessions that live; what was is in the audit log. Times are those of the
-- services' clock.
CREATE TABLE session (
    id          uuid        PRIMARY KEY,
    token_hash  bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    person      text        NOT NULL CHECK (person <> ''),
    roles       text[]      NOT NULL,
    started_at  timestamptz NOT NULL,
    used_at     timestamptz NOT NULL,
    checked_at  timestamptz NOT NULL, -- when the provider last confirmed the person
    asking_until timestamptz NOT NULL, -- whoever set it asks the provider until then
    tokens      bytea       NOT NULL  -- the provider's, encrypted
);
CREATE INDEX session_person ON session (person, used_at);
CREATE INDEX session_started ON session (started_at);
CREATE INDEX session_used ON session (used_at);

-- Who signed in within the last 90 days, and what they may do: to whom work can
-- be given, also while they are away.
CREATE TABLE person (
    person       text COLLATE "C" PRIMARY KEY CHECK (person <> ''),
    roles        text[]      NOT NULL,
    signed_in_at timestamptz NOT NULL
);

-- Filters of screens that people gave a name. They hold no customers.
CREATE TABLE saved_view (
    id         uuid        PRIMARY KEY,
    screen     smallint    NOT NULL CHECK (screen BETWEEN 1 AND 3), -- queue, submissions, work items
    name       text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    query      text        NOT NULL,
    shared     boolean     NOT NULL,
    owner      text COLLATE "C" NOT NULL CHECK (owner <> ''),
    version    int         NOT NULL CHECK (version >= 1),
    changed_by text        NOT NULL CHECK (changed_by <> ''),
    changed_at timestamptz NOT NULL,
    CONSTRAINT saved_view_name UNIQUE (owner, screen, name)
);
CREATE INDEX saved_view_shared ON saved_view (screen, name, id) WHERE shared;
