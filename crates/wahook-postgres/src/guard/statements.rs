//! The two statements of the guard.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::{ToSql, Type};

use super::row::{Found, Kind, Row};
use crate::{fault::Fault, pool::quoted};

/// The name of the table.
pub(super) const TABLE: &str = "wahook_guard_record";

/// The statements, for the schema that has the table.
#[derive(Debug)]
pub(super) struct Statements {
    claim: String,
    settle: String,
    prepares: bool,
}

/// Right at READ COMMITTED, whoever else is at work:
///
/// - `seen` is what the snapshot shows. A record that lives is answered from it, without a write. One that is ours goes
///   on: its lease runs anew.
/// - Everything else is inserted. Where a row is in the way, also one that came after the snapshot, `DO UPDATE` waits
///   for it, sees its newest state and takes it if its time is over, else writes it as it was: a row must come back.
/// - One `now` for the whole statement, so that all columns of a row are decided alike. Having waited it is late by
///   that: what it says is over is over, and a lease runs from before it was granted.
/// - What is left is told by the clock at the end: a lease that was waited for may have begun after `now`.
/// - Rows are locked in the order of their keys, as in every statement here.
/// - Each lookup goes through the primary key, in plans for any size of the table.
const CLAIM: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
asked AS MATERIALIZED (
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[])
                  WITH ORDINALITY AS a (key, digest, token, micros, place)
),
seen AS MATERIALIZED (
    SELECT a.*, s.done, s.until, s.holder, s.conflict
    FROM asked a CROSS JOIN LATERAL (
        SELECT bool_or(r.done) FILTER (WHERE r.digest = a.digest AND (r.done OR r.token <> a.token)) AS done,
               max(r.until) FILTER (WHERE r.digest = a.digest) AS until,
               (array_agg(r.token) FILTER (WHERE r.digest = a.digest))[1] AS holder,
               coalesce(bool_or(r.digest <> a.digest), false) AS conflict
        FROM {table} r WHERE r.key = a.key AND r.until > (SELECT now FROM clock)
    ) s
),
taken AS (
    INSERT INTO {table} AS r (key, digest, token, done, until)
    SELECT key, digest, token, false, (SELECT now FROM clock) + micros * interval '1 microsecond'
    FROM seen WHERE done IS NULL ORDER BY key, digest
    ON CONFLICT (key, digest) DO UPDATE SET
        token = CASE WHEN r.until <= (SELECT now FROM clock) THEN excluded.token ELSE r.token END,
        done = r.done AND r.until > (SELECT now FROM clock),
        until = CASE WHEN r.until <= (SELECT now FROM clock) THEN excluded.until
                     WHEN r.token = excluded.token AND NOT r.done THEN excluded.until
                     ELSE r.until END
    RETURNING r.key, r.digest, r.token, r.done, r.until
)
SELECT s.place, coalesce(t.done, s.done), coalesce(t.token, s.holder),
       (extract(epoch FROM coalesce(t.until, s.until) - clock_timestamp()) * 1000000)::bigint, s.conflict
FROM seen s LEFT JOIN taken t ON t.key = s.key AND t.digest = s.digest";

/// `held` is what the snapshot shows as ours and alive; it is written only if it still is. What is done stays as it is:
/// to say so again is right, to give it back is late. What is given back stays as a row whose time is over, since it
/// is likely to be claimed again.
///
/// It is written as an insert that always meets its row, because that finds the row by the primary key in any plan.
const SETTLE: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
asked AS MATERIALIZED (
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[])
                  WITH ORDINALITY AS a (key, digest, token, micros, place)
),
held AS MATERIALIZED (
    SELECT a.*, r.done
    FROM asked a CROSS JOIN LATERAL (
        SELECT r.done FROM {table} r
        WHERE r.key = a.key AND r.digest = a.digest AND r.token = a.token AND r.until > (SELECT now FROM clock)
        OFFSET 0
    ) r
),
settled AS (
    INSERT INTO {table} AS r (key, digest, token, done, until)
    SELECT key, digest, token, micros IS NOT NULL,
           coalesce((SELECT now FROM clock) + micros * interval '1 microsecond', '-infinity')
    FROM held WHERE NOT done ORDER BY key, digest
    ON CONFLICT (key, digest) DO UPDATE SET done = excluded.done, until = excluded.until
    WHERE r.token = excluded.token AND r.until > (SELECT now FROM clock) AND (excluded.done OR NOT r.done)
    RETURNING r.key, r.digest
)
SELECT h.place FROM held h JOIN settled s ON s.key = h.key AND s.digest = h.digest
UNION ALL
SELECT place FROM held WHERE done AND micros IS NOT NULL";

const TYPES: [Type; 4] = [
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT8_ARRAY,
];

impl Statements {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        let table = format!("{}.{TABLE}", quoted(schema));
        Self {
            claim: CLAIM.replace("{table}", &table),
            settle: SETTLE.replace("{table}", &table),
            prepares,
        }
    }

    /// Claims; what was found stands in the order of the rows.
    pub(super) async fn claim(&self, connection: &Object, rows: &[Row]) -> Result<Vec<Found>, Fault> {
        let mut found: Vec<Option<Found>> = rows.iter().map(|_| None).collect();
        for row in self.say(Kind::Claim, connection, rows).await? {
            if let Some(place) = place(&row)?.and_then(|place| found.get_mut(place)) {
                let left: i64 = row.try_get(3)?;
                *place = Some(Found {
                    done: row.try_get(1)?,
                    holder: row.try_get(2)?,
                    left: Duration::from_micros(u64::try_from(left).unwrap_or(0)),
                    conflict: row.try_get(4)?,
                });
            }
        }
        let all: Option<Vec<Found>> = found.into_iter().collect();
        all.ok_or_else(|| Fault::strange("PostgreSQL left a row of a claim unanswered"))
    }

    /// Completes or gives back; which were ours stands in the order of the rows.
    pub(super) async fn settle(&self, connection: &Object, rows: &[Row]) -> Result<Vec<bool>, Fault> {
        let mut ours = vec![false; rows.len()];
        for row in self.say(Kind::Settle, connection, rows).await? {
            if let Some(place) = place(&row)?.and_then(|place| ours.get_mut(place)) {
                *place = true;
            }
        }
        Ok(ours)
    }

    async fn say(
        &self,
        kind: Kind,
        connection: &Object,
        rows: &[Row],
    ) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        let sql = match kind {
            Kind::Claim => &self.claim,
            Kind::Settle => &self.settle,
        };
        let keys: Vec<&[u8]> = rows.iter().map(|row| row.key.as_bytes()).collect();
        let digests: Vec<&[u8]> = rows.iter().map(|row| &row.job.digest.as_bytes()[..]).collect();
        let tokens: Vec<&[u8]> = rows.iter().map(|row| &row.job.token.as_bytes()[..]).collect();
        let micros: Vec<Option<i64>> = rows.iter().map(|row| row.job.micros()).collect();
        let values: [&(dyn ToSql + Sync); 4] = [&keys, &digests, &tokens, &micros];
        if self.prepares {
            let statement = connection.prepare_typed_cached(sql, &TYPES).await?;
            connection.query(&statement, &values).await
        } else {
            let typed: Vec<_> = values.into_iter().zip(TYPES).collect();
            connection.query_typed(sql, &typed).await
        }
    }
}

fn place(row: &tokio_postgres::Row) -> Result<Option<usize>, Fault> {
    let place: i64 = row.try_get(0)?;
    // The server counts from one.
    Ok(usize::try_from(place).ok().and_then(|place| place.checked_sub(1)))
}
