-- One row for each (key, digest of the body). It is held until its time is over, or it is done until its time is over;
-- `-infinity` is what was given back. `key` is bytes, since text cannot hold a NUL.
--
-- No index but the primary key: `until` changes with every `complete`, and an index on it would turn each of these
-- updates into a second row in every index. The pages keep room for the new version of a row, so it stays in its page
-- and no index is touched.
CREATE TABLE wahook_guard_record (
    until timestamptz NOT NULL,
    done boolean NOT NULL,
    key bytea NOT NULL,
    digest bytea NOT NULL,
    token bytea NOT NULL,
    PRIMARY KEY (key, digest)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- How far the removal of rows that are over has come. One row: whoever locks it does the next step.
CREATE TABLE wahook_guard_sweep (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_block bigint NOT NULL,
    due timestamptz NOT NULL
);

INSERT INTO wahook_guard_sweep (next_block, due) VALUES (0, clock_timestamp());
