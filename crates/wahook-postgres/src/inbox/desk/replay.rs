//! Once more, on purpose (I4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use wahook_core::{
    DeliveryId,
    inbox::{Replay, Replayed},
};

use super::{
    dead::{KEEP, KEEP_THESE},
    events::{in_order, matching},
    question::Question,
};
use crate::{
    fault::Fault,
    inbox::{
        enter::Entering,
        row::get_id,
        store::PostgresInbox,
        work::{BOUND, Work, begin, commit_once},
    },
};

/// Events of one replay at most; where to go on is told.
const MOST: u32 = 10_000;

/// [`Desk::replay`](wahook_core::inbox::Desk::replay). What may have been done is not done once more.
pub(super) struct Replaying<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) replay: &'a Replay,
}

/// An event that matched.
struct Match {
    delivery: i64,
    id: DeliveryId,
    lane: Vec<u8>,
    received_nanos: i64,
}

impl Work for Replaying<'_> {
    type Answer = Replayed;

    async fn work(&self, connection: &mut Object) -> Result<Replayed, Fault> {
        let (schema, replay) = (&self.inbox.schema, self.replay);
        if let (Some(to), false) = (&replay.to, replay.dry_run) {
            self.inbox
                .sinks
                .learn(connection, std::iter::once(to.as_str()))
                .await?;
        }
        let limit = replay.query.limit.min(MOST) as usize;
        let select = "SELECT v.seq, v.delivery, d.id, v.lane, v.received_nanos, d.redacted_at IS NOT NULL";
        let question = matching(self.inbox, &replay.query, select)
            .and(" AND NOT v.duplicate")
            .and(in_order(replay.query.order))
            .with(" LIMIT $$", limit as i64 + 1, Type::INT8);
        let transaction = begin(connection).await?;
        transaction.batch_execute(BOUND).await?;
        let rows = question.ask_in(schema, &transaction).await?;
        let mut replayed = Replayed::default();
        // In the order of acceptance, whatever order was asked for.
        let mut matches: BTreeMap<i64, Match> = BTreeMap::new();
        let mut last = None;
        for row in rows.iter().take(limit) {
            let event = row.try_get(0)?;
            last = Some(event);
            if row.try_get(5)? {
                replayed.redacted += 1;
                continue;
            }
            matches.insert(
                event,
                Match {
                    delivery: row.try_get(1)?,
                    id: get_id(row, 2)?,
                    lane: row.try_get(3)?,
                    received_nanos: row.try_get(4)?,
                },
            );
        }
        if rows.len() > limit {
            replayed.next = last;
        }
        let mut deliveries: BTreeSet<i64> = matches.values().map(|it| it.delivery).collect();
        if !replay.dry_run && !matches.is_empty() {
            let asked: Vec<i64> = deliveries.into_iter().collect();
            let there = Question::new(KEEP)
                .with(KEEP_THESE, asked, Type::INT8_ARRAY)
                .ask_in(schema, &transaction)
                .await?;
            let there: Result<_, _> = there.iter().map(|row| row.try_get(0)).collect();
            deliveries = there?;
            // What was removed meanwhile has nothing to replay.
            matches.retain(|_, it| deliveries.contains(&it.delivery));
        }
        replayed.events = matches.len() as u64;
        replayed.deliveries = deliveries.len() as u64;
        if replay.dry_run || matches.is_empty() {
            return Ok(replayed);
        }
        let to = replay.to.as_deref().and_then(|to| self.inbox.sinks.known(to));
        let deliveries: Vec<i64> = deliveries.into_iter().collect();
        if replay.reparse {
            self.read_again(&transaction, deliveries, to).await?;
        } else {
            let entering = self.entering(&transaction, matches, to).await?;
            self.inbox.enter.enter(&transaction, &entering).await?;
        }
        commit_once(transaction).await?;
        Ok(replayed)
    }
}

impl Replaying<'_> {
    async fn read_again(
        &self,
        transaction: &Transaction<'_>,
        deliveries: Vec<i64>,
        to: Option<i32>,
    ) -> Result<(), Fault> {
        Question::new("INSERT INTO {t}_unread AS u (delivery, again, sinks) SELECT delivery, true, ")
            .with("ARRAY[$$::int]", to.unwrap_or(0), Type::INT4)
            .with(
                " FROM unnest($$) AS a (delivery) ORDER BY delivery
                  ON CONFLICT (delivery) DO UPDATE SET
                      unreadable = false,
                      sinks = CASE WHEN u.sinks @> excluded.sinks THEN u.sinks ELSE u.sinks || excluded.sinks END
                  WHERE u.again",
                deliveries,
                Type::INT8_ARRAY,
            )
            .ask_in(&self.inbox.schema, transaction)
            .await?;
        Ok(())
    }

    async fn entering(
        &self,
        transaction: &Transaction<'_>,
        matches: BTreeMap<i64, Match>,
        to: Option<i32>,
    ) -> Result<Vec<Entering>, Fault> {
        let mut had_it: HashMap<i64, Vec<i32>> = HashMap::new();
        if to.is_none() {
            let events: Vec<i64> = matches.keys().copied().collect();
            let question = Question::new("SELECT DISTINCT event, sink FROM {t}_entry").with(
                " WHERE event = ANY ($$) ORDER BY event, sink",
                events,
                Type::INT8_ARRAY,
            );
            for row in question.ask_in(&self.inbox.schema, transaction).await? {
                had_it.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
            }
        }
        let mut entering = Vec::new();
        for (event, it) in matches {
            let sinks = match to {
                Some(to) => vec![to],
                None => had_it.remove(&event).unwrap_or_default(),
            };
            entering.extend(sinks.into_iter().map(|sink| Entering {
                event,
                sink,
                lane: it.lane.clone(),
                received_nanos: it.received_nanos,
                replay_of: Some(it.id),
            }));
        }
        Ok(entering)
    }
}
