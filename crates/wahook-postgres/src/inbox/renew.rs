//! A longer lease for a lane.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::{
    guard::{Settled, Token},
    inbox::LaneId,
};

use super::work::Work;
use crate::{fault::Fault, say::Sql, span::micros};

const RENEW: &str = "
UPDATE {t}_lane SET due_at = clock_timestamp() + $3 * interval '1 microsecond'
WHERE id = $1 AND token = $2 AND due_at > clock_timestamp() RETURNING true";

#[derive(Debug)]
pub(super) struct Renewing(Sql);

impl Renewing {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self(Sql::new(
            schema,
            prepares,
            RENEW,
            &[Type::INT8, Type::BYTEA, Type::INT8],
        ))
    }
}

/// [`Inbox::renew`](wahook_core::inbox::Inbox::renew). To do it twice does no harm.
pub(super) struct Renew<'a> {
    pub(super) renewing: &'a Renewing,
    pub(super) lane: LaneId,
    pub(super) token: Token,
    pub(super) lease: Duration,
}

impl Work for Renew<'_> {
    type Answer = Settled;

    async fn work(&self, connection: &mut Object) -> Result<Settled, Fault> {
        let token = &self.token.as_bytes()[..];
        let lease = micros(self.lease);
        let renewed = self
            .renewing
            .0
            .say(connection, &[&self.lane.0, &token, &lease])
            .await?;
        Ok(if renewed.is_empty() {
            Settled::Lost
        } else {
            Settled::Done
        })
    }
}
