//! How the inbox is.

use deadpool_postgres::Object;
use jiff::Timestamp;
use tokio_postgres::Row;
use wahook_core::inbox::{EndpointStatus, Limit, Room, SinkStatus, Status};

use super::question::Question;
use crate::{
    fault::Fault,
    inbox::{
        row::{from_nanos, get_text},
        store::PostgresInbox,
        work::Work,
    },
};

/// [`Desk::status`](wahook_core::inbox::Desk::status). What it costs grows with what waits and with what is dead, not
/// with what is kept.
pub(super) struct AskStatus<'a> {
    pub(super) inbox: &'a PostgresInbox,
}

/// More rows than this are not counted: the planner's estimate will do.
const COUNTED: u64 = 100_000;
/// Of more waiting events than this the oldest is told as it was when its lane was taken last.
const LOOKED_AT: u64 = 10_000;

const ALL: &str = "
SELECT (SELECT count(*) FROM {t}_unread WHERE NOT unreadable),
       (SELECT count(*) FROM {t}_unread WHERE unreadable),
       (SELECT min(d.received_nanos) FROM {t}_delivery d
        JOIN (SELECT delivery FROM {t}_unread ORDER BY delivery LIMIT 1000) u ON u.delivery = d.seq),
       (SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
        WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '{q}'::regclass)
          AND c.relname LIKE 'wahook\\_inbox%'),
       (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = '{q}_delivery'::regclass)";

const COUNT: &str = "SELECT count(*) FROM {t}_delivery";

const SINKS: &str = "
SELECT s.name, coalesce(l.waiting, 0), coalesce(l.lanes, 0), coalesce(l.blocked, 0), coalesce(e.dead, 0), l.oldest
FROM {t}_sink s
LEFT JOIN (
    SELECT sink, sum(waiting)::bigint AS waiting, count(*) FILTER (WHERE waiting > 0) AS lanes,
           count(*) FILTER (WHERE blocked) AS blocked, min(oldest_nanos) FILTER (WHERE waiting > 0) AS oldest
    FROM {t}_lane WHERE due_at IS NOT NULL OR blocked GROUP BY sink
) l ON l.sink = s.id
LEFT JOIN (SELECT sink, count(*) AS dead FROM {t}_entry WHERE state = 2 GROUP BY sink) e ON e.sink = s.id
ORDER BY s.name";

const OLDEST: &str = "
SELECT s.name, min(v.received_nanos)
FROM {t}_lane l JOIN {t}_sink s ON s.id = l.sink
JOIN {t}_entry e ON e.lane = l.id AND e.state = 0 JOIN {t}_event v ON v.seq = e.event
WHERE l.due_at IS NOT NULL OR l.blocked
GROUP BY s.name";

/// Of each endpoint, as far as is [`LOOKED_AT`].
const ENDPOINTS: &str = "
SELECT endpoint, sum(unread)::bigint, sum(waiting)::bigint, min(oldest)
FROM (
    SELECT d.endpoint, count(*) AS unread, 0 AS waiting, min(d.received_nanos) AS oldest
    FROM (SELECT delivery FROM {t}_unread ORDER BY delivery LIMIT 10000) u
    JOIN {t}_delivery d ON d.seq = u.delivery GROUP BY d.endpoint
    UNION ALL
    SELECT v.endpoint, 0, count(*), min(v.received_nanos)
    FROM (SELECT event FROM {t}_entry WHERE state = 0 LIMIT 10000) e
    JOIN {t}_event v ON v.seq = e.event GROUP BY v.endpoint
) a
GROUP BY endpoint ORDER BY endpoint";

impl Work for AskStatus<'_> {
    type Answer = Status;

    async fn work(&self, connection: &mut Object) -> Result<Status, Fault> {
        let schema = &self.inbox.schema;
        let rows = Question::new(ALL).ask(schema, connection).await?;
        let row = rows
            .first()
            .ok_or_else(|| Fault::strange("PostgreSQL did not say how the inbox is"))?;
        let unread_oldest: Option<i64> = row.try_get(2)?;
        let mut status = Status {
            deliveries: count(row, 4)?,
            unread: count(row, 0)?,
            unreadable: count(row, 1)?,
            oldest: None,
            bytes: count(row, 3)?,
            sinks: Vec::new(),
            endpoints: Vec::new(),
            endpoints_cut: false,
            room: Vec::new(),
        };
        if status.deliveries < COUNTED
            && let Some(row) = Question::new(COUNT).ask(schema, connection).await?.first()
        {
            status.deliveries = count(row, 0)?;
        }
        for row in Question::new(SINKS).ask(schema, connection).await? {
            status.sinks.push(SinkStatus {
                name: get_text(&row, 0)?,
                waiting: count(&row, 1)?,
                lanes: count(&row, 2)?,
                blocked: count(&row, 3)?,
                dead: count(&row, 4)?,
                oldest: moment(row.try_get(5)?),
            });
        }
        if status.sinks.iter().map(|sink| sink.waiting).sum::<u64>() <= LOOKED_AT {
            for row in Question::new(OLDEST).ask(schema, connection).await? {
                let (name, oldest) = (get_text(&row, 0)?, moment(row.try_get(1)?));
                if let Some(sink) = status.sinks.iter_mut().find(|sink| sink.name == *name) {
                    sink.oldest = oldest;
                }
            }
        }
        self.endpoints(connection, &mut status).await?;
        let waiting = status.sinks.iter().filter_map(|sink| sink.oldest);
        status.oldest = waiting.chain(moment(unread_oldest)).min();
        Ok(status)
    }
}

impl AskStatus<'_> {
    /// What waits of each endpoint, and all of it.
    async fn endpoints(&self, connection: &Object, status: &mut Status) -> Result<(), Fault> {
        let waiting: u64 = status.sinks.iter().map(|sink| sink.waiting).sum();
        let used = status.unread + status.unreadable + waiting;
        status.room.push(Room {
            limit: Limit::Waiting,
            used,
            most: self.inbox.max_waiting,
        });
        status.endpoints_cut = used > LOOKED_AT;
        for row in Question::new(ENDPOINTS)
            .ask(&self.inbox.schema, connection)
            .await?
        {
            status.endpoints.push(EndpointStatus {
                name: get_text(&row, 0)?,
                unread: count(&row, 1)?,
                waiting: count(&row, 2)?,
                oldest: moment(row.try_get(3)?),
            });
        }
        Ok(())
    }
}

fn count(row: &Row, at: usize) -> Result<u64, Fault> {
    let count: Option<i64> = row.try_get(at)?;
    Ok(u64::try_from(count.unwrap_or_default()).unwrap_or_default())
}

fn moment(nanos: Option<i64>) -> Option<Timestamp> {
    nanos.map(from_nanos)
}
