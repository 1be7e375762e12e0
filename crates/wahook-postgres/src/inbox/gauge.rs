//! How much waits, so that no more is accepted than may; and whether the server's clock went back.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use super::mend::{Mend, Watch};
use crate::{fault::Fault, pool::Database, say::Sql};

/// The least pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest: what comes in meanwhile may be too much by that.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a look may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Looks again and again how much waits: deliveries that nobody read, and events in lanes.
pub(super) struct Gauge {
    database: Database,
    waiting: Sql,
    most: i64,
    full: Arc<AtomicBool>,
    mend: Mend,
    watch: Watch,
}

const WAITING: &str = "
SELECT ((SELECT count(*) FROM {t}_unread)
     + (SELECT coalesce(sum(waiting), 0) FROM {t}_lane WHERE due_at IS NOT NULL OR blocked))::bigint,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

impl Gauge {
    pub(super) fn new(database: Database, schema: &str, most: u64, full: Arc<AtomicBool>) -> Self {
        Self {
            waiting: Sql::new(schema, database.prepares(), WAITING, &[]),
            mend: Mend::new(schema, database.prepares()),
            watch: Watch::default(),
            database,
            most: i64::try_from(most).unwrap_or(i64::MAX),
            full,
        }
    }

    /// Works for ever.
    pub(super) async fn run(mut self) {
        loop {
            let begun = Instant::now();
            match timeout(LONGEST, self.look()).await {
                Ok(Ok(waiting)) => {
                    let full = waiting >= self.most;
                    if full != self.full.swap(full, Ordering::Relaxed) {
                        tracing::warn!(full, waiting, most = self.most, "the inbox is full, or no more");
                    }
                }
                Ok(Err(fault)) => {
                    let error = fault.to_store_error();
                    tracing::debug!(error = error.source(), "how much waits is not known");
                }
                Err(_) => tracing::debug!("how much waits is not known in time"),
            }
            // At most a twentieth of the time of one connection.
            sleep(PAUSE.max(begun.elapsed() * 19).min(LONGEST_PAUSE)).await;
        }
    }

    async fn look(&mut self) -> Result<i64, Fault> {
        let connection = self.database.get().await?;
        let asked = Instant::now();
        let rows = self.waiting.say(&connection, &[]).await?;
        let answered = Instant::now();
        let row = rows
            .first()
            .ok_or_else(|| Fault::strange("PostgreSQL did not say how much waits"))?;
        let (waiting, clock) = (row.try_get(0)?, row.try_get(1)?);
        if let Some(by) = self.watch.went_back(clock, asked) {
            tracing::warn!(
                seconds = by.as_secs(),
                "the clock of PostgreSQL went back: what waits for a time that it gave is due now"
            );
            self.mend.mend(&connection).await?;
        }
        // What could not be put right is noticed again.
        self.watch.note(clock, answered);
        Ok(waiting)
    }
}
