//! Lanes for a taker: who has one has it alone, until its lease ends.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{Row, types::Type};
use wahook_core::{
    guard::Token,
    inbox::{Entry, EntryId, Lane, LaneId, Stored, Taken, Want},
};

use super::{
    row::{STORED, get_id_if_any, get_moment, late, stored, text},
    sinks::Sinks,
    work::{BOUND, Work, begin, commit_once},
};
use crate::{fault::Fault, say::Sql, span::micros};

#[derive(Debug)]
pub(super) struct Taking {
    due: Sql,
    left: Sql,
    entries: Sql,
    give: Sql,
    deliveries: Sql,
    next: Sql,
}

/// Whoever else is at a lane has it. The longest due come first.
const DUE: &str = "
SELECT id, taken_to FROM {t}_lane
WHERE sink = $1 AND due_at <= (SELECT clock_timestamp())
ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED";

/// The attempts of a taker who is gone: what it took is noted in the lane, and counted when it is settled or here.
/// What does not fit this time is due again, and must not be counted again.
const LEFT: &str = "
WITH free AS (
    UPDATE {t}_lane l SET taken_to = NULL, token = NULL FROM unnest($1::bigint[]) AS f (lane) WHERE l.id = f.lane
)
UPDATE {t}_entry e SET attempts = e.attempts + 1, at = clock_timestamp()
FROM unnest($1::bigint[], $2::bigint[]) AS g (lane, taken_to)
WHERE e.lane = g.lane AND e.state = 0 AND e.pos <= g.taken_to";

/// A statement of its own, after the lanes are locked: it sees what their last takers left.
const ENTRIES: &str = concat!(
    "
SELECT a.lane, e.id, e.pos, e.attempts, (extract(epoch FROM e.filed_at) * 1000000)::bigint, e.replay_of, v.key, v.place,
       v.delivery, octet_length(d.body)::bigint, v.received_nanos, ",
    late!(),
    ", e.failures
FROM unnest($1::bigint[]) WITH ORDINALITY AS a (lane, place)
CROSS JOIN LATERAL (
    SELECT * FROM {t}_entry w WHERE w.lane = a.lane AND w.state = 0 ORDER BY w.pos LIMIT $2
) e
JOIN {t}_event v ON v.seq = e.event JOIN {t}_delivery d ON d.seq = v.delivery
ORDER BY a.place, e.pos"
);

/// A lane in which nothing was found is due no more.
const GIVE: &str = "
UPDATE {t}_lane l SET
    token = CASE WHEN g.taken_to IS NOT NULL THEN $4 END,
    taken_to = g.taken_to,
    taken_at = clock_timestamp(),
    oldest_nanos = coalesce(g.oldest, l.oldest_nanos),
    waiting = CASE WHEN g.taken_to IS NOT NULL THEN l.waiting ELSE 0 END,
    due_at = CASE WHEN g.taken_to IS NOT NULL THEN clock_timestamp() + $5 * interval '1 microsecond' END
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS g (lane, taken_to, oldest)
WHERE l.id = g.lane";

const DELIVERIES: &str = "SELECT {stored} FROM {t}_delivery d WHERE d.seq = ANY ($1)";

/// Those of others come back when their leases end.
const NEXT: &str = "
SELECT (extract(epoch FROM min(due_at) - clock_timestamp()) * 1000000)::bigint
FROM {t}_lane
WHERE sink = $1 AND due_at IS NOT NULL AND id <> ALL ($2)
  AND (token IS DISTINCT FROM $3 OR due_at <= clock_timestamp())";

impl Taking {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        let sql = |text: &str, types| Sql::new(schema, prepares, text, types);
        Self {
            due: sql(DUE, &[Type::INT4, Type::INT8]),
            left: sql(LEFT, &[Type::INT8_ARRAY, Type::INT8_ARRAY]),
            entries: sql(ENTRIES, &[Type::INT8_ARRAY, Type::INT8]),
            give: sql(
                GIVE,
                &[
                    Type::INT8_ARRAY,
                    Type::INT8_ARRAY,
                    Type::INT8_ARRAY,
                    Type::BYTEA,
                    Type::INT8,
                ],
            ),
            deliveries: sql(&DELIVERIES.replace("{stored}", STORED), &[Type::INT8_ARRAY]),
            next: sql(NEXT, &[Type::INT4, Type::INT8_ARRAY, Type::BYTEA]),
        }
    }
}

/// [`Inbox::take`](wahook_core::inbox::Inbox::take). What may have been taken is not taken once more.
pub(super) struct Take<'a> {
    pub(super) taking: &'a Taking,
    pub(super) sinks: &'a Sinks,
    pub(super) sink: &'a str,
    pub(super) token: Token,
    pub(super) want: Want,
    pub(super) lease: Duration,
}

/// An entry that may be taken.
struct Found {
    lane: i64,
    pos: i64,
    delivery: i64,
    bytes: i64,
    received_nanos: i64,
    entry: EntryId,
    row: Row,
}

/// What is taken of a lane; nothing, if nothing is in it.
#[derive(Default)]
struct Chosen {
    lanes: Vec<i64>,
    taken_to: Vec<Option<i64>>,
    oldest: Vec<Option<i64>>,
    entries: Vec<Found>,
    deliveries: Vec<i64>,
}

impl Work for Take<'_> {
    type Answer = Taken;

    async fn work(&self, connection: &mut Object) -> Result<Taken, Fault> {
        let Some(sink) = self.sinks.find(connection, self.sink).await? else {
            // It never had an event.
            return Ok(Taken::default());
        };
        let transaction = begin(connection).await?;
        let most = i64::try_from(self.want.lanes).unwrap_or(i64::MAX);
        let ((), due) = tokio::try_join!(
            biased;
            transaction.batch_execute(BOUND),
            async { self.taking.due.say_in(&transaction, &[&sink, &most]).await },
        )?;
        let (mut lanes, mut gone, mut taken_to) = (Vec::new(), Vec::new(), Vec::new());
        for row in due {
            let lane: i64 = row.try_get(0)?;
            lanes.push(lane);
            if let Some(to) = row.try_get::<_, Option<i64>>(1)? {
                gone.push(lane);
                taken_to.push(to);
            }
        }
        if !gone.is_empty() {
            self.taking.left.say_in(&transaction, &[&gone, &taken_to]).await?;
        }
        let chosen = if lanes.is_empty() {
            Chosen::default()
        } else {
            let each = i64::try_from(self.want.events.max(1)).unwrap_or(i64::MAX);
            let rows = self.taking.entries.say_in(&transaction, &[&lanes, &each]).await?;
            self.choose(&lanes, rows)?
        };
        let (next, deliveries) = self.give(&transaction, sink, &chosen).await?;
        if lanes.is_empty() {
            transaction.rollback().await?;
        } else {
            commit_once(transaction).await?;
        }
        Ok(Taken {
            lanes: assemble(chosen.entries, &deliveries)?,
            next,
        })
    }
}

impl Take<'_> {
    /// As many entries as fit, from the front of each lane.
    fn choose(&self, lanes: &[i64], rows: Vec<Row>) -> Result<Chosen, Fault> {
        let mut chosen = Chosen::default();
        let mut by_lane: HashMap<i64, Vec<Found>> = HashMap::new();
        for row in rows {
            let found = Found {
                lane: row.try_get(0)?,
                entry: EntryId(row.try_get(1)?),
                pos: row.try_get(2)?,
                delivery: row.try_get(8)?,
                bytes: row.try_get(9)?,
                received_nanos: row.try_get(10)?,
                row,
            };
            by_lane.entry(found.lane).or_default().push(found);
        }
        let most = i64::try_from(self.want.bytes).unwrap_or(i64::MAX);
        let (mut bytes, mut known) = (0_i64, HashSet::new());
        for &lane in lanes {
            let Some(entries) = by_lane.remove(&lane) else {
                chosen.lanes.push(lane);
                chosen.taken_to.push(None);
                chosen.oldest.push(None);
                continue;
            };
            let (mut last, oldest) = (None, entries.first().map(|found| found.received_nanos));
            for found in entries {
                if !known.contains(&found.delivery) {
                    let more = bytes.saturating_add(found.bytes);
                    if more > most && !chosen.entries.is_empty() {
                        break;
                    }
                    bytes = more;
                    known.insert(found.delivery);
                    chosen.deliveries.push(found.delivery);
                }
                last = Some(found.pos);
                chosen.entries.push(found);
            }
            if last.is_some() {
                chosen.lanes.push(lane);
                chosen.taken_to.push(last);
                chosen.oldest.push(oldest);
            }
        }
        Ok(chosen)
    }

    /// Writes down who has what; when the next lane is due, and the deliveries.
    async fn give(
        &self,
        transaction: &Transaction<'_>,
        sink: i32,
        chosen: &Chosen,
    ) -> Result<(Option<Duration>, HashMap<i64, Arc<Stored>>), Fault> {
        let token = &self.token.as_bytes()[..];
        let lease = micros(self.lease);
        let give = async {
            if chosen.lanes.is_empty() {
                return Ok(Vec::new());
            }
            let values: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
                &[&chosen.lanes, &chosen.taken_to, &chosen.oldest, &token, &lease];
            self.taking.give.say_in(transaction, values).await
        };
        let deliveries = async {
            if chosen.deliveries.is_empty() {
                return Ok(Vec::new());
            }
            self.taking
                .deliveries
                .say_in(transaction, &[&chosen.deliveries])
                .await
        };
        let (_, deliveries, next) = tokio::try_join!(give, deliveries, async {
            self.taking
                .next
                .say_in(transaction, &[&sink, &chosen.lanes, &token])
                .await
        },)?;
        let mut by_number = HashMap::with_capacity(deliveries.len());
        for row in &deliveries {
            let stored = stored(row)?;
            by_number.insert(stored.position, Arc::new(stored));
        }
        let next: Option<i64> = match next.first() {
            Some(row) => row.try_get(0)?,
            None => None,
        };
        let next = next.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        Ok((next, by_number))
    }
}

fn assemble(entries: Vec<Found>, deliveries: &HashMap<i64, Arc<Stored>>) -> Result<Vec<Lane>, Fault> {
    let mut lanes: Vec<Lane> = Vec::new();
    for found in entries {
        let stored = deliveries
            .get(&found.delivery)
            .ok_or_else(|| Fault::strange("an event in the inbox has no delivery"))?;
        let row = &found.row;
        let attempts: i32 = row.try_get(3)?;
        let place: i32 = row.try_get(7)?;
        let entry = Entry {
            id: found.entry,
            key: text(row.try_get(6)?).into_string(),
            place: usize::try_from(place).unwrap_or_default(),
            stored: Arc::clone(stored),
            attempt: u32::try_from(attempts).unwrap_or_default().saturating_add(1),
            failures: u32::try_from(row.try_get::<_, i32>(12)?).unwrap_or_default(),
            filed_at: get_moment(row, 4)?,
            replay_of: get_id_if_any(row, 5)?,
            late: row.try_get(11)?,
        };
        match lanes.last_mut() {
            Some(lane) if lane.id.0 == found.lane => lane.entries.push(entry),
            _ => lanes.push(Lane {
                id: LaneId(found.lane),
                entries: vec![entry],
            }),
        }
    }
    Ok(lanes)
}
