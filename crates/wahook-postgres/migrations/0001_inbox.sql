-- Texts of providers and of configurations are bytes, since `text` cannot hold a NUL. Times that senders and gateways
-- tell are numbers since 1970 (nanoseconds, microseconds), exact and of any range; times of this server are `timestamptz`.

-- What the processes on a database share. `reader` holds the token of the one that reads.
CREATE TABLE wahook_inbox (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    hash_key bytea NOT NULL,
    reader bytea,
    reads_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO wahook_inbox (hash_key)
VALUES (substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16));

-- What was accepted. Written once, and once more when it is redacted: how far it is stands elsewhere, since a new version
-- of a row would be a new version of its body.
CREATE TABLE wahook_inbox_delivery (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_nanos bigint NOT NULL,
    remembered_until timestamptz NOT NULL,
    redacted_at timestamptz,
    conflict boolean NOT NULL,
    id bytea NOT NULL,
    provider bytea NOT NULL,
    endpoint bytea NOT NULL,
    head bytea NOT NULL,
    body bytea NOT NULL
);
-- Ids sort by time of arrival.
CREATE INDEX wahook_inbox_delivery_id ON wahook_inbox_delivery (id);
CREATE INDEX wahook_inbox_delivery_whole ON wahook_inbox_delivery (id) WHERE redacted_at IS NULL;

-- Keys that are remembered, of deliveries and of events. `digest` is that of a delivery's body, empty for an event, and
-- zeros where one body stands for all; `body` is then the digest of that one. `delivery` is the one that said an event
-- first.
CREATE TABLE wahook_inbox_claim (
    until timestamptz NOT NULL,
    delivery bigint,
    fingerprint bytea NOT NULL,
    digest bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (fingerprint, digest)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- How far the removal of claims that are over has come. One row: whoever locks it does the next step.
CREATE TABLE wahook_inbox_sweep (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_block bigint NOT NULL,
    due timestamptz NOT NULL
);
INSERT INTO wahook_inbox_sweep (next_block, due) VALUES (0, clock_timestamp());

-- Deliveries that are to be read; `again`: for a replay, to these sinks, where 0 stands for those that want it.
CREATE TABLE wahook_inbox_unread (
    delivery bigint PRIMARY KEY,
    again boolean NOT NULL DEFAULT false,
    unreadable boolean NOT NULL DEFAULT false,
    sinks integer[] NOT NULL DEFAULT '{}'
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- What deliveries say. The hashes find what may be of any length; `lane` stands for the conversation.
CREATE TABLE wahook_inbox_event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery bigint NOT NULL,
    filed_at timestamptz NOT NULL,
    received_nanos bigint NOT NULL,
    occurred_micros bigint,
    key_hash bigint NOT NULL,
    chat_hash bigint,
    message_hash bigint,
    place integer NOT NULL,
    duplicate boolean NOT NULL,
    kind text NOT NULL,
    lane bytea NOT NULL,
    endpoint bytea NOT NULL,
    key bytea NOT NULL,
    name bytea,
    account bytea,
    chat bytea,
    message_id bytea
);
CREATE UNIQUE INDEX wahook_inbox_event_delivery ON wahook_inbox_event (delivery, place);
CREATE INDEX wahook_inbox_event_key ON wahook_inbox_event (key_hash);
CREATE INDEX wahook_inbox_event_chat ON wahook_inbox_event (chat_hash, seq) WHERE chat_hash IS NOT NULL;
CREATE INDEX wahook_inbox_event_message ON wahook_inbox_event (message_hash) WHERE message_hash IS NOT NULL;
CREATE INDEX wahook_inbox_event_received ON wahook_inbox_event USING brin (received_nanos);

CREATE TABLE wahook_inbox_sink (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE
);

-- Whose turn it is. Without `due_at` nothing waits in it, or it stands still; with a token somebody has taken its entries
-- up to `taken_to`; `taken_at` is when `due_at` was counted from. Whoever locks several does so in the order of (sink, name). A row without entries may be removed.
CREATE TABLE wahook_inbox_lane (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    due_at timestamptz,
    taken_to bigint,
    taken_at timestamptz,
    oldest_nanos bigint NOT NULL,
    sink integer NOT NULL,
    waiting integer NOT NULL,
    blocked boolean NOT NULL DEFAULT false,
    name bytea NOT NULL,
    token bytea,
    UNIQUE (sink, name)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX wahook_inbox_lane_due ON wahook_inbox_lane (sink, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX wahook_inbox_lane_blocked ON wahook_inbox_lane (sink) WHERE blocked;

-- An event in a lane, in the order of `pos`; afterwards what became of it. States: 0 waits, 1 done, 2 dead, 3 dropped.
CREATE SEQUENCE wahook_inbox_entry_seq;
CREATE TABLE wahook_inbox_entry (
    id bigint PRIMARY KEY,
    pos bigint NOT NULL,
    event bigint NOT NULL,
    lane bigint NOT NULL,
    filed_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    sink integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    state smallint NOT NULL DEFAULT 0,
    blocks boolean NOT NULL DEFAULT false,
    replay_of bytea,
    error bytea
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX wahook_inbox_entry_waiting ON wahook_inbox_entry (lane, pos) WHERE state = 0;
CREATE INDEX wahook_inbox_entry_event ON wahook_inbox_entry (event);
CREATE INDEX wahook_inbox_entry_dead ON wahook_inbox_entry (id) WHERE state = 2;
