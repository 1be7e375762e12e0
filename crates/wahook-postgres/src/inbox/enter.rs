//! Events into lanes: what is filed, and what is replayed.

use deadpool_postgres::Transaction;
use tokio_postgres::types::Type;
use wahook_core::DeliveryId;

use crate::{fault::Fault, say::Sql};

/// An event on its way into a lane.
#[derive(Debug)]
pub(super) struct Entering {
    pub(super) event: i64,
    pub(super) sink: i32,
    /// Stands for the conversation.
    pub(super) lane: Vec<u8>,
    pub(super) received_nanos: i64,
    pub(super) replay_of: Option<DeliveryId>,
}

/// Lanes are locked in the order of their names, and the places in them are given when they are: who comes later is behind.
const ENTER: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
wanted AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::bytea[], $4::bigint[], $5::bytea[])
        WITH ORDINALITY AS w (event, sink, name, received, replay_of, place)
),
lanes AS (
    INSERT INTO {t}_lane AS l (sink, name, waiting, due_at, taken_at, oldest_nanos)
    SELECT sink, name, count(*), (SELECT now FROM clock), (SELECT now FROM clock), min(received)
    FROM wanted GROUP BY sink, name ORDER BY sink, name
    ON CONFLICT (sink, name) DO UPDATE SET
        waiting = l.waiting + excluded.waiting,
        due_at = CASE WHEN NOT l.blocked THEN coalesce(l.due_at, excluded.due_at) END,
        taken_at = CASE WHEN l.due_at IS NULL THEN excluded.taken_at ELSE l.taken_at END,
        oldest_nanos = CASE WHEN l.waiting > 0 THEN l.oldest_nanos ELSE excluded.oldest_nanos END
    RETURNING l.id, l.sink, l.name
)
INSERT INTO {t}_entry (id, pos, event, lane, sink, filed_at, at, replay_of)
SELECT n, n, event, lane, sink, (SELECT now FROM clock), (SELECT now FROM clock), replay_of
FROM (
    SELECT nextval('{q}_entry_seq') AS n, o.*
    FROM (
        SELECT w.event, l.id AS lane, w.sink, w.replay_of
        FROM wanted w JOIN lanes l ON l.sink = w.sink AND l.name = w.name
        ORDER BY w.place
        OFFSET 0
    ) o
) numbered";

const TYPES: &[Type] = &[
    Type::INT8_ARRAY,
    Type::INT4_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT8_ARRAY,
    Type::BYTEA_ARRAY,
];

#[derive(Debug)]
pub(super) struct Enter(Sql);

impl Enter {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self(Sql::new(schema, prepares, ENTER, TYPES))
    }

    /// Puts events at the end of their lanes, in this order.
    pub(super) async fn enter(&self, transaction: &Transaction<'_>, all: &[Entering]) -> Result<(), Fault> {
        if all.is_empty() {
            return Ok(());
        }
        let events: Vec<i64> = all.iter().map(|it| it.event).collect();
        let sinks: Vec<i32> = all.iter().map(|it| it.sink).collect();
        let lanes: Vec<&[u8]> = all.iter().map(|it| &it.lane[..]).collect();
        let received: Vec<i64> = all.iter().map(|it| it.received_nanos).collect();
        let replays: Vec<Option<&[u8]>> = all
            .iter()
            .map(|it| it.replay_of.as_ref().map(|id| &id.as_bytes()[..]))
            .collect();
        self.0
            .say_in(transaction, &[&events, &sinks, &lanes, &received, &replays])
            .await?;
        Ok(())
    }
}
