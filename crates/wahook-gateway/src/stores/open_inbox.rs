//! How each database is opened as an inbox.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use wahook_core::{BoxFuture, Clock, guard::OpenError, inbox::Desk};
use wahook_postgres::PostgresInbox;
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};

use super::{Database, StoreAddress};
use crate::config::Limits;

/// What inboxes are opened with.
#[derive(Clone, Debug)]
pub(crate) struct InboxMeans {
    clock: Arc<dyn Clock>,
    pub(super) waiting: u64,
    bytes: Option<NonZeroU64>,
}

impl InboxMeans {
    /// As the configuration says.
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            waiting: limits.waiting,
            bytes: limits.inbox_bytes.and_then(NonZeroU64::new),
        }
    }
}

/// A little less than a provider waits for us: so it is the inbox that gives up, and it knows why.
pub(super) const DEADLINE: Duration = Duration::from_secs(2);

pub(super) type Opening<'a> = BoxFuture<'a, Result<Arc<dyn Desk>, OpenError>>;

pub(super) fn sqlite<'a>(address: &'a StoreAddress, means: &'a InboxMeans) -> Opening<'a> {
    Box::pin(async move {
        let mut options = SqliteInboxOptions::new(Arc::clone(&means.clock))
            .deadline(DEADLINE)
            .max_waiting(means.waiting);
        if address.flushes_later() {
            options = options.process_crash_only();
        }
        if let Some(bytes) = means.bytes {
            options = options.max_bytes(bytes);
        }
        let path = address.file().unwrap_or_default();
        Ok(Arc::new(SqliteInbox::open(path, options).await?) as _)
    })
}

pub(super) fn postgres<'a>(address: &'a StoreAddress, means: &'a InboxMeans) -> Opening<'a> {
    Box::pin(async move {
        let database = Database::of(address)?;
        let options = database.options().deadline(DEADLINE).max_waiting(means.waiting);
        Ok(Arc::new(PostgresInbox::connect(&database.url, options).await?) as _)
    })
}
