-- One row for each (key, digest of the body): claimed until `until`, or done until then.
CREATE TABLE guard_record (
    key    BLOB    NOT NULL, -- not TEXT: ids may hold any byte, NUL as well
    digest BLOB    NOT NULL,
    token  BLOB    NOT NULL, -- whose claim it is or was
    done   INTEGER NOT NULL,
    until  INTEGER NOT NULL, -- ms since 1970
    life   INTEGER NOT NULL, -- ms from when it was written; more than that can never be left
    PRIMARY KEY (key, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX guard_record_until ON guard_record (until);
