//! A lane: takes what waits, says it in one statement, answers. Each has a connection while it works.

use std::sync::Arc;

use deadpool_postgres::Object;
use tokio::time::{Instant, timeout_at};
use wahook_core::guard::{Settled, StoreError};

use super::{
    queue::{Batch, Queue},
    row::{Found, Kind},
    statements::Statements,
};
use crate::{
    fault::{Fault, Remedy},
    pool::Database,
};

/// What the lanes share.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) database: Database,
    pub(super) statements: Statements,
    pub(super) queue: Arc<Queue>,
}

/// What a statement said, in the order of its rows.
enum Said {
    Claimed(Vec<Found>),
    Settled(Vec<bool>),
}

impl Lanes {
    /// Works for ever.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            self.queue.filled().await;
            let connection = self.database.get().await;
            // Tasks that are about to ask get the chance to: what they ask goes into the same statement.
            tokio::task::yield_now().await;
            let Some(batch) = self.queue.next() else { continue };
            // A failure may be older than what was asked meanwhile, which has a right to a try of its own.
            let connection = match connection {
                Ok(connection) => Ok(connection),
                Err(_) => self.connect(&batch).await,
            };
            match connection {
                Ok(connection) => self.work(connection, batch, false).await,
                Err(fault) => batch.fail(&fault.to_store_error()),
            }
        }
    }

    /// A connection, if it is to be had before the last caller gives up.
    async fn connect(&self, batch: &Batch) -> Result<Object, Fault> {
        timeout_at(deadline(batch), self.database.get())
            .await
            .unwrap_or_else(|_| Err(Fault::slow("there was no connection in time")))
    }

    /// Says a batch, and once more if that may help.
    async fn work(&self, mut connection: Object, mut batch: Batch, mut uncertain: bool) {
        let mut tried = uncertain;
        loop {
            let fault = match timeout_at(deadline(&batch), self.say(&connection, &batch)).await {
                Ok(Ok(said)) => {
                    // Who hears the answer may ask on at once, and finds the connection free.
                    drop(connection);
                    return answer(batch, said, uncertain);
                }
                Ok(Err(fault)) => fault,
                Err(_) => {
                    self.database.give_up(connection);
                    return batch.fail(&Fault::slow("the statement was given up").to_store_error());
                }
            };
            match fault.remedy {
                Remedy::Again if !tried => tried = true,
                Remedy::Reconnect => {
                    self.database.lost(connection);
                    if tried {
                        return batch.fail(&fault.to_store_error());
                    }
                    (tried, uncertain) = (true, true);
                    connection = match self.connect(&batch).await {
                        Ok(connection) => connection,
                        Err(fault) => return batch.fail(&fault.to_store_error()),
                    };
                }
                Remedy::Apart if batch.rows().len() > 1 => {
                    drop(connection);
                    let rest = batch.split_off();
                    for half in [batch, rest] {
                        match self.connect(&half).await {
                            Ok(connection) => Box::pin(self.work(connection, half, uncertain)).await,
                            Err(fault) => half.fail(&fault.to_store_error()),
                        }
                    }
                    return;
                }
                Remedy::Again | Remedy::Apart | Remedy::None => return batch.fail(&fault.to_store_error()),
            }
        }
    }

    async fn say(&self, connection: &Object, batch: &Batch) -> Result<Said, Fault> {
        let rows = batch.rows();
        Ok(match batch.kind {
            Kind::Claim => Said::Claimed(self.statements.claim(connection, rows).await?),
            Kind::Settle => Said::Settled(self.statements.settle(connection, rows).await?),
        })
    }
}

/// When the last caller gives up.
fn deadline(batch: &Batch) -> Instant {
    batch.deadline().unwrap_or_else(Instant::now)
}

/// Tells each caller what was said for it. `uncertain`: the statement may have been carried out once before, and its
/// answer lost.
fn answer(batch: Batch, said: Said, uncertain: bool) {
    match said {
        // A claim that was carried out before is ours, by its token.
        Said::Claimed(found) => {
            let mut found = found.into_iter();
            batch.answer(|_, row| found.next().map(|found| row.claimed(&found)).unwrap_or_default());
        }
        Said::Settled(ours) => {
            let mut ours = ours.into_iter();
            batch.answer(|_, row| {
                let settled = match ours.next() {
                    Some(true) => Ok(Settled::Done),
                    // It may be lost because the first try has settled it.
                    _ if uncertain => Err(unknown()),
                    _ => Ok(Settled::Lost),
                };
                row.job.settled(settled);
                Vec::new()
            });
        }
    }
}

fn unknown() -> StoreError {
    Fault::strange("the connection was lost before PostgreSQL answered").to_store_error()
}
