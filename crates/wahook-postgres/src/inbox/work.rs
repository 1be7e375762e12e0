//! Verbs that have a connection of their own for as long as they take.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::IsolationLevel;
use wahook_core::guard::StoreError;

use crate::{
    fault::{Fault, Remedy},
    pool::Database,
};

/// Something to do with a connection.
pub(super) trait Work: Sync {
    type Answer: Send;

    /// It is done once more after a failure that says that this may help: a failure after which it may have been done
    /// must not say so, unless to do it twice does no harm.
    fn work<'a>(
        &'a self,
        connection: &'a mut Object,
    ) -> impl Future<Output = Result<Self::Answer, Fault>> + Send + 'a;
}

/// Does it, within a time.
pub(super) async fn carry_out<W: Work>(
    database: &Database,
    longest: Duration,
    work: &W,
) -> Result<W::Answer, StoreError> {
    let now = Instant::now();
    let deadline = now.checked_add(longest).unwrap_or(now + DAY);
    let outcome = match attempt(database, deadline, work).await {
        Err(fault) if matches!(fault.remedy, Remedy::Again | Remedy::Reconnect) => {
            attempt(database, deadline, work).await
        }
        outcome => outcome,
    };
    outcome.map_err(|fault| fault.to_store_error())
}

async fn attempt<W: Work>(database: &Database, deadline: Instant, work: &W) -> Result<W::Answer, Fault> {
    let mut connection = timeout_at(deadline, database.get())
        .await
        .unwrap_or_else(|_| Err(Fault::slow("there was no connection in time")))?;
    match timeout_at(deadline, work.work(&mut connection)).await {
        Ok(Err(fault)) => {
            if connection.is_closed() || fault.remedy == Remedy::Reconnect {
                database.lost(connection);
            }
            Err(fault)
        }
        Ok(done) => done,
        Err(_) => {
            database.give_up(connection);
            Err(Fault::slow("the statement was given up"))
        }
    }
}

/// Instead of a deadline that is further away than time goes.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What one statement sees, the next sees anew: what was locked is looked at as it is by then.
pub(super) async fn begin(connection: &mut Object) -> Result<Transaction<'_>, Fault> {
    let transaction = connection
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted)
        .start()
        .await?;
    Ok(transaction)
}

/// A process that freezes, or whose wire stalls, in the middle of a transaction must not keep its rows from the others:
/// the server ends its session.
pub(super) const BOUND: &str = "SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// The same, for what may be forgotten: nobody waits for the disk.
pub(super) const ASIDE: &str =
    "SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// Commits what must not be done twice: a failure tells nothing.
pub(super) async fn commit_once(transaction: Transaction<'_>) -> Result<(), Fault> {
    transaction.commit().await.map_err(|error| {
        let mut fault = Fault::from(error);
        fault.remedy = Remedy::None;
        fault
    })
}
