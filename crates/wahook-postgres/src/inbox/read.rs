//! What is to be read, for one reader at a time over all processes.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::{guard::Token, inbox::Unread};

use super::{
    row::{STORED, stored},
    work::{ASIDE, Work, begin},
};
use crate::{fault::Fault, say::Sql, span::micros};

#[derive(Debug)]
pub(super) struct Reader {
    any: Sql,
    take_part: Sql,
    oldest: Sql,
}

/// Who finds nothing does not become the reader, and writes nothing.
const ANY: &str = "SELECT true FROM {t}_unread WHERE NOT unreadable LIMIT 1";

/// Nobody waits for the part: who holds the row files at this moment.
const TAKE_PART: &str = "
UPDATE {t} SET reader = $1, reads_until = clock_timestamp() + $2 * interval '1 microsecond'
WHERE one = (
    SELECT one FROM {t} WHERE reader = $1 OR reads_until <= clock_timestamp() FOR UPDATE SKIP LOCKED
)
RETURNING true";

/// Chosen by their state, not by a mark up to which all is read: numbers become visible out of order, and some never.
const OLDEST: &str = "
SELECT {stored}, c.again
FROM (
    SELECT u.delivery, u.again, row_number() OVER w AS place,
           sum(octet_length(d.body)) OVER w AS bytes
    FROM (
        SELECT delivery, again FROM {t}_unread WHERE NOT unreadable ORDER BY delivery LIMIT $1
    ) u JOIN {t}_delivery d ON d.seq = u.delivery
    WINDOW w AS (ORDER BY u.delivery ROWS UNBOUNDED PRECEDING)
) c JOIN {t}_delivery d ON d.seq = c.delivery
WHERE c.bytes <= $2 OR c.place = 1
ORDER BY d.seq";

impl Reader {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self {
            any: Sql::new(schema, prepares, ANY, &[]),
            take_part: Sql::new(schema, prepares, TAKE_PART, &[Type::BYTEA, Type::INT8]),
            oldest: Sql::new(
                schema,
                prepares,
                &OLDEST.replace("{stored}", STORED),
                &[Type::INT8, Type::INT8],
            ),
        }
    }
}

/// [`Inbox::unread`](wahook_core::inbox::Inbox::unread). To do it twice does no harm.
pub(super) struct Read<'a> {
    pub(super) reader: &'a Reader,
    pub(super) token: Token,
    pub(super) count: usize,
    pub(super) bytes: usize,
    pub(super) lease: Duration,
}

impl Work for Read<'_> {
    type Answer = Vec<Unread>;

    async fn work(&self, connection: &mut Object) -> Result<Vec<Unread>, Fault> {
        let token = &self.token.as_bytes()[..];
        let lease = micros(self.lease);
        let count = i64::try_from(self.count.max(1)).unwrap_or(i64::MAX);
        let bytes = i64::try_from(self.bytes).unwrap_or(i64::MAX);
        // Who asks for no time lets the part go, whether there is something to read or not.
        let lets_go = self.lease.is_zero();
        if !lets_go && self.reader.any.say(connection, &[]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = begin(connection).await?;
        // Said in this order, without waiting in between.
        let ((), part, rows) = tokio::try_join!(
            biased;
            transaction.batch_execute(ASIDE),
            async { self.reader.take_part.say_in(&transaction, &[&token, &lease]).await },
            async { self.reader.oldest.say_in(&transaction, &[&count, &bytes]).await },
        )?;
        if part.is_empty() || (rows.is_empty() && !lets_go) {
            return Ok(Vec::new());
        }
        transaction.commit().await?;
        rows.iter()
            .map(|row| {
                Ok(Unread {
                    stored: stored(row)?,
                    again: row.try_get(9)?,
                })
            })
            .collect()
    }
}
