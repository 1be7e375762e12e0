-- States of sessions, by conversation and time: is one of them late?
CREATE INDEX inbox_event_session ON inbox_event (lane, occurred_at) WHERE kind = 'session.status';
