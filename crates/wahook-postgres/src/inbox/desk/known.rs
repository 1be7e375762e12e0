//! Which keys are remembered.

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::guard::Key;

use super::question::Question;
use crate::{
    fault::Fault,
    inbox::{store::PostgresInbox, work::Work},
};

/// [`Desk::known`](wahook_core::inbox::Desk::known): for as long as the key is claimed.
pub(super) struct AskKnown<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) keys: &'a [Key],
}

/// Claims of events have no digest. Lateral, and with an aggregate, so that each key is looked up in the index however many claims there are.
const REMEMBERED: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
SELECT s.found FROM unnest($$) WITH ORDINALITY AS a (fingerprint, place) CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS found
    FROM {t}_claim c
    WHERE c.fingerprint = a.fingerprint AND c.digest <> '' AND c.until > (SELECT now FROM clock)
) s ORDER BY a.place";

impl Work for AskKnown<'_> {
    type Answer = Vec<bool>;

    async fn work(&self, connection: &mut Object) -> Result<Vec<bool>, Fault> {
        let fingerprint = |key| self.inbox.fingerprints.of(key).to_be_bytes().to_vec();
        let fingerprints: Vec<Vec<u8>> = self.keys.iter().map(fingerprint).collect();
        let question = Question::new("").with(REMEMBERED, fingerprints, Type::BYTEA_ARRAY);
        let rows = question.ask(&self.inbox.schema, connection).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
