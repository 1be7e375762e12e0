-- Attempts that failed by the event's own fault.
ALTER TABLE wahook_inbox_entry ADD COLUMN failures integer NOT NULL DEFAULT 0;

-- States of sessions, by conversation and time: is one of them late?
CREATE INDEX wahook_inbox_event_session ON wahook_inbox_event (lane, occurred_micros) WHERE kind = 'session.status';
