-- What is one row for the installation.
CREATE TABLE inbox_meta (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    hash_key   BLOB    NOT NULL, -- random: nobody outside can make fingerprints that meet
    last_entry INTEGER NOT NULL, -- a turn was given to an entry that is older than it
    spilled_deliveries INTEGER NOT NULL, -- keys of deliveries up to this position are in inbox_key
    spilled_events     INTEGER NOT NULL  -- keys of events up to this one are in inbox_key
) STRICT;

INSERT INTO inbox_meta VALUES (1, randomblob(16), 0, 0, 0);

-- Deliveries in order of acceptance: what is read often, and what is remembered of those whose bytes are gone.
CREATE TABLE inbox_delivery (
    position    INTEGER PRIMARY KEY,
    fingerprint BLOB    NOT NULL, -- of its key, keyed, 16 bytes
    digest      BLOB    NOT NULL, -- of its body
    received_at INTEGER NOT NULL, -- ns since 1970
    memory      INTEGER NOT NULL, -- ms that its key is remembered
    conflict    INTEGER NOT NULL, -- another body came under its key
    read_at     INTEGER,          -- ms since 1970; only of those without events
    redacted_at INTEGER,          -- ms since 1970
    id          BLOB    NOT NULL,
    provider    TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL
) STRICT;

-- Ids sort by time, so this is written at its right edge.
CREATE INDEX inbox_delivery_id ON inbox_delivery (id);

-- Keys that are not held in memory any more, with the newest row among them.
CREATE TABLE inbox_key (
    fingerprint BLOB    PRIMARY KEY,
    row         INTEGER NOT NULL -- a delivery's or an event's
) STRICT, WITHOUT ROWID;

-- The bytes of deliveries, apart from what is read often.
CREATE TABLE inbox_content (
    position INTEGER PRIMARY KEY,
    head     BLOB NOT NULL,
    body     BLOB NOT NULL
) STRICT;

-- Deliveries that are to be read.
CREATE TABLE inbox_unread (
    unreadable INTEGER NOT NULL, -- nobody here can read it
    position   INTEGER NOT NULL,
    again      INTEGER NOT NULL, -- it was read before
    PRIMARY KEY (unreadable, position)
) STRICT, WITHOUT ROWID;

-- For which sinks deliveries are to be read again; 0 stands for those that want their events.
CREATE TABLE inbox_again (
    position INTEGER NOT NULL,
    sink     INTEGER NOT NULL,
    PRIMARY KEY (position, sink)
) STRICT, WITHOUT ROWID;

-- Events in order of filing.
CREATE TABLE inbox_event (
    id          INTEGER PRIMARY KEY,
    fingerprint BLOB    NOT NULL, -- of its key in its scope, keyed, 16 bytes
    until       INTEGER NOT NULL, -- ms since 1970; its key is remembered until then
    duplicate   INTEGER NOT NULL, -- said before, in another delivery
    filed_at    INTEGER NOT NULL, -- ms since 1970
    delivery    INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    lane        INTEGER NOT NULL, -- stands for the conversation
    kind        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    name        TEXT,
    account     TEXT,
    chat        TEXT,
    message_id  TEXT,
    occurred_at TEXT
) STRICT;

CREATE INDEX inbox_event_delivery ON inbox_event (delivery);

CREATE TABLE inbox_sink (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Lanes with events that wait, or that stand still.
CREATE TABLE inbox_lane (
    id       INTEGER PRIMARY KEY, -- stands for sink and conversation
    sink     INTEGER NOT NULL,
    due_at   INTEGER NOT NULL, -- ms since 1970, of a clock that does not jump; while it is taken, the end of the lease
    turn     INTEGER NOT NULL, -- who came first among those due at one moment
    taken    INTEGER NOT NULL, -- an attempt began for those up to this turn, whose end nobody has told; 0 if none
    taken_at INTEGER,          -- ms since 1970, of the same
    token    BLOB,             -- who has it
    blocked  INTEGER           -- the dead letter for which it stands still
) STRICT;

CREATE INDEX inbox_lane_due ON inbox_lane (sink, due_at, turn) WHERE blocked IS NULL;

CREATE INDEX inbox_lane_blocked ON inbox_lane (sink) WHERE blocked IS NOT NULL;

-- An event on its way to a sink.
CREATE TABLE inbox_entry (
    id       INTEGER PRIMARY KEY,
    event    INTEGER NOT NULL,
    sink     INTEGER NOT NULL,
    lane     INTEGER NOT NULL,
    turn     INTEGER NOT NULL, -- the order in the lane
    state    INTEGER NOT NULL, -- 0 waiting, 1 done, 2 dead, 3 dropped
    attempt  INTEGER NOT NULL, -- attempts whose end is known
    filed_at INTEGER NOT NULL, -- ms since 1970
    at       INTEGER NOT NULL, -- ms since 1970: when it came to this state, or was tried last
    replay   INTEGER NOT NULL,
    error    TEXT
) STRICT;

CREATE INDEX inbox_entry_event ON inbox_entry (event);

CREATE INDEX inbox_entry_waiting ON inbox_entry (sink, lane, turn, event) WHERE state = 0;

CREATE INDEX inbox_entry_dead ON inbox_entry (sink) WHERE state = 2;
