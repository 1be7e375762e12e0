//! Reading what nobody could read.

use deadpool_postgres::Object;

use super::question::Question;
use crate::{
    fault::Fault,
    inbox::{store::PostgresInbox, work::Work},
};

/// [`Desk::reread`](wahook_core::inbox::Desk::reread). Done twice it does no harm.
pub(super) struct Rereading<'a> {
    pub(super) inbox: &'a PostgresInbox,
}

const ALL: &str = "
WITH again AS (UPDATE {t}_unread SET unreadable = false WHERE unreadable RETURNING 1)
SELECT count(*) FROM again";

impl Work for Rereading<'_> {
    type Answer = u64;

    async fn work(&self, connection: &mut Object) -> Result<u64, Fault> {
        let rows = Question::new(ALL).ask(&self.inbox.schema, connection).await?;
        let count: i64 = rows
            .first()
            .map(|row| row.try_get(0))
            .transpose()?
            .unwrap_or_default();
        Ok(count.unsigned_abs())
    }
}
