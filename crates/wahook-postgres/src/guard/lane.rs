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
            match connection {
                Ok(connection) => self.work(connection, batch, false).await,
                Err(fault) => batch.fail(&fault.to_store_error()),
            }
        }
    }

    /// Says a batch, and once more if that may help.
    async fn work(&self, mut connection: Object, mut batch: Batch, uncertain: bool) {
        let mut tried = uncertain;
        let mut uncertain = uncertain;
        loop {
            let deadline = batch.deadline().unwrap_or_else(Instant::now);
            let fault = match timeout_at(deadline, self.say(&connection, &batch)).await {
                Ok(Ok(said)) => return answer(batch, said, uncertain),
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
                    connection = match timeout_at(deadline, self.database.get()).await {
                        Ok(Ok(connection)) => connection,
                        Ok(Err(fault)) => return batch.fail(&fault.to_store_error()),
                        Err(_) => return batch.fail(&fault.to_store_error()),
                    };
                }
                Remedy::Apart if batch.rows().len() > 1 => {
                    let rest = batch.split_off();
                    drop(connection);
                    for half in [batch, rest] {
                        match self.database.get().await {
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
