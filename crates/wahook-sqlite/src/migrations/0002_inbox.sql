-- Attempts that failed by the event's own fault.
ALTER TABLE inbox_entry ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

-- States of sessions, by conversation and time: is one of them late?
CREATE INDEX inbox_event_session ON inbox_event (lane, occurred_at) WHERE kind = 'session.status';
