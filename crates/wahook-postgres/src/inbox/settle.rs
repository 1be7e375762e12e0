//! How hand-overs ended, for many lanes in one statement.

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::{
    guard::{Settled, Token},
    inbox::{EntryId, LaneId, Setback, Settlement, Then},
};

use super::batch::{Statement, Verb};
use crate::{fault::Fault, say::Sql, span::micros};

/// A settlement by a holder.
pub(super) struct Settle {
    pub(super) token: Token,
    pub(super) settlement: Settlement,
}

impl Verb for Settle {
    type Key = i64;
    type Answer = Settled;

    fn key(&self) -> i64 {
        self.settlement.lane.0
    }

    fn bytes(&self) -> usize {
        let error = self.settlement.setback.as_ref().map_or(0, |it| it.error.len());
        64 + 32 * (self.settlement.done.len() + self.settlement.untouched.len()) + error
    }

    fn is_copy_of(&self, _: &Self) -> bool {
        false
    }

    fn to_copy(answer: Settled) -> Settled {
        answer
    }

    fn after_doubt(answer: Settled) -> Result<Settled, Fault> {
        match answer {
            Settled::Done => Ok(Settled::Done),
            // It may be lost because the first try has settled it.
            _ => Err(Fault::strange(
                "the connection was lost before PostgreSQL answered",
            )),
        }
    }
}

/// Right at READ COMMITTED, whoever else is at work:
///
/// - `ours` locks the lanes that are still the holder's, in the order of all who lock several, and sees their newest
///   state.
/// - Only entries that were taken are written; nobody else writes them while the lane is ours. What was taken and is not
///   named keeps its attempt.
/// - Whether a lane goes on is told by its own count, not by what this statement sees of its entries: others may have
///   come while it waited for the lane.
const SETTLE: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
asked AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[])
        WITH ORDINALITY AS a (lane, token, after, place)
),
named AS MATERIALIZED (
    SELECT * FROM unnest($4::bigint[], $5::bigint[], $6::smallint[], $7::bool[], $8::bool[],
        $9::bytea[])
        AS n (lane, entry, state, blocks, failed, error)
),
ours AS MATERIALIZED (
    SELECT l.id, l.taken_to, a.after, a.place
    FROM asked a JOIN {t}_lane l ON l.id = a.lane
    WHERE l.token = a.token AND l.due_at > (SELECT now FROM clock)
    ORDER BY l.sink, l.name FOR UPDATE OF l
),
begun AS MATERIALIZED (
    SELECT e.id, e.lane, coalesce(n.state, 0::smallint) AS state,
           coalesce(n.blocks, false) AS blocks, coalesce(n.failed, false)::int AS failures, n.error
    FROM ours o
    CROSS JOIN LATERAL (
        SELECT w.id, w.lane FROM {t}_entry w
        WHERE w.lane = o.id AND w.state = 0 AND w.pos <= o.taken_to OFFSET 0
    ) e
    LEFT JOIN named n ON n.lane = e.lane AND n.entry = e.id
    WHERE n.entry IS NULL OR n.state IS NOT NULL
),
written AS (
    UPDATE {t}_entry e SET
        state = b.state, blocks = b.blocks, attempts = e.attempts + 1,
        failures = e.failures + b.failures, at = (SELECT now FROM clock),
        error = coalesce(b.error, e.error)
    FROM begun b WHERE e.id = b.id
),
gone AS (
    SELECT lane, count(*) AS count, bool_or(blocks) AS blocks FROM begun WHERE state <> 0 GROUP BY lane
),
given_back AS (
    UPDATE {t}_lane l SET
        token = NULL, taken_to = NULL,
        waiting = greatest(l.waiting - coalesce(g.count, 0), 0),
        blocked = coalesce(g.blocks, false),
        due_at = CASE WHEN NOT coalesce(g.blocks, false) AND l.waiting > coalesce(g.count, 0)
                      THEN (SELECT now FROM clock) + o.after * interval '1 microsecond' END
    FROM ours o LEFT JOIN gone g ON g.lane = o.id
    WHERE l.id = o.id
)
SELECT place FROM ours";

const TYPES: &[Type] = &[
    Type::INT8_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT2_ARRAY,
    Type::BOOL_ARRAY,
    Type::BOOL_ARRAY,
    Type::BYTEA_ARRAY,
];

/// States of entries in the tables.
pub(super) mod state {
    pub(in super::super) const WAITING: i16 = 0;
    pub(in super::super) const DONE: i16 = 1;
    pub(in super::super) const DEAD: i16 = 2;
    pub(in super::super) const DROPPED: i16 = 3;
}

pub(super) struct Settling(Sql);

impl Settling {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self(Sql::new(schema, prepares, SETTLE, TYPES))
    }
}

/// What becomes of entries, as columns. Without a state they were not begun.
#[derive(Default)]
struct Named<'a> {
    lanes: Vec<i64>,
    entries: Vec<i64>,
    states: Vec<Option<i16>>,
    blocks: Vec<bool>,
    failed: Vec<bool>,
    errors: Vec<Option<&'a [u8]>>,
}

impl<'a> Named<'a> {
    fn push(&mut self, lane: LaneId, entry: EntryId, state: Option<i16>, setback: Option<&'a Setback>) {
        self.lanes.push(lane.0);
        self.entries.push(entry.0);
        self.states.push(state);
        self.blocks.push(setback.is_some_and(|it| it.then == Then::Block));
        self.failed.push(setback.is_some_and(|it| it.failed));
        self.errors.push(setback.map(|it| it.error.as_bytes()));
    }

    fn add(&mut self, settlement: &'a Settlement) {
        let lane = settlement.lane;
        for entry in &settlement.done {
            self.push(lane, *entry, Some(state::DONE), None);
        }
        if let Some(setback) = &settlement.setback {
            let state = match setback.then {
                Then::Park | Then::Block => state::DEAD,
                _ => state::WAITING,
            };
            self.push(lane, setback.entry, Some(state), Some(setback));
        }
        for entry in &settlement.untouched {
            self.push(lane, *entry, None, None);
        }
    }
}

impl Statement for Settling {
    type Verb = Settle;

    async fn say(&self, connection: &Object, verbs: &[&Settle]) -> Result<Vec<Option<Settled>>, Fault> {
        let settlements = || verbs.iter().map(|verb| &verb.settlement);
        let setbacks = || settlements().map(|it| it.setback.as_ref().map(|setback| setback.then));
        let lanes: Vec<i64> = settlements().map(|it| it.lane.0).collect();
        let tokens: Vec<&[u8]> = verbs.iter().map(|verb| &verb.token.as_bytes()[..]).collect();
        let after: Vec<i64> = setbacks()
            .map(|then| match then {
                Some(Then::Retry { after }) => micros(after),
                _ => 0,
            })
            .collect();
        let mut named = Named::default();
        settlements().for_each(|settlement| named.add(settlement));
        let rows = self
            .0
            .say(
                connection,
                &[
                    &lanes,
                    &tokens,
                    &after,
                    &named.lanes,
                    &named.entries,
                    &named.states,
                    &named.blocks,
                    &named.failed,
                    &named.errors,
                ],
            )
            .await?;
        let mut answers = vec![Some(Settled::Lost); verbs.len()];
        for row in rows {
            let place: i64 = row.try_get(0)?;
            // The server counts from one.
            let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
            if let Some(answer) = place.and_then(|place| answers.get_mut(place)) {
                *answer = Some(Settled::Done);
            }
        }
        Ok(answers)
    }
}
