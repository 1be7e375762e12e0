//! Which events there are, and what a delivery was.

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::{
    DeliveryId,
    inbox::{EventQuery, EventRow, Kept, Order},
};

use super::{
    question::Question,
    rows::{EVENT, add_progress, ask_progress, event},
};
use crate::{
    fault::Fault,
    inbox::{
        row::{STORED, nanos, stored},
        store::PostgresInbox,
        work::Work,
    },
};

/// Events of one answer at most.
const MOST: u32 = 1000;

/// [`Desk::events`](wahook_core::inbox::Desk::events).
pub(super) struct Events<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) query: &'a EventQuery,
}

impl Work for Events<'_> {
    type Answer = Vec<EventRow>;

    async fn work(&self, connection: &mut Object) -> Result<Vec<EventRow>, Fault> {
        let limit = i64::from(self.query.limit.min(MOST));
        let question = matching(self.inbox, self.query, &format!("SELECT {EVENT}"))
            .and(in_order(self.query.order))
            .with(" LIMIT $$", limit, Type::INT8);
        let rows = question.ask(&self.inbox.schema, connection).await?;
        let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        if !events.is_empty() {
            let rows = ask_progress(&events).ask(&self.inbox.schema, connection).await?;
            add_progress(&mut events, &rows)?;
        }
        Ok(events)
    }
}

pub(super) const fn in_order(order: Order) -> &'static str {
    match order {
        Order::Oldest => " ORDER BY v.seq",
        _ => " ORDER BY v.seq DESC",
    }
}

/// The question for events `v` of deliveries `d`.
pub(super) fn matching(inbox: &PostgresInbox, query: &EventQuery, select: &str) -> Question {
    let hash = |text: &str| inbox.hash(text);
    let bytes = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
    let kinds: Vec<String> = query.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let beyond = match query.order {
        Order::Oldest => " AND v.seq > $$",
        _ => " AND v.seq < $$",
    };
    let id = query.delivery.map(|id| id.as_bytes().to_vec());
    Question::new(&format!(
        "{select} FROM {{t}}_event v JOIN {{t}}_delivery d ON d.seq = v.delivery WHERE true"
    ))
    .with_any(
        " AND v.kind = ANY ($$)",
        (!kinds.is_empty()).then_some(kinds),
        Type::TEXT_ARRAY,
    )
    .with_any(" AND v.endpoint = $$", bytes(&query.endpoint), Type::BYTEA)
    .with_any(" AND v.account = $$", bytes(&query.account), Type::BYTEA)
    .with_any(
        " AND v.chat_hash = $$",
        query.chat.as_deref().map(hash),
        Type::INT8,
    )
    .with_any(" AND v.chat = $$", bytes(&query.chat), Type::BYTEA)
    .with_any(
        " AND v.message_hash = $$",
        query.message_id.as_deref().map(hash),
        Type::INT8,
    )
    .with_any(" AND v.message_id = $$", bytes(&query.message_id), Type::BYTEA)
    .with_any(" AND v.key_hash = $$", query.key.as_deref().map(hash), Type::INT8)
    .with_any(" AND v.key = $$", bytes(&query.key), Type::BYTEA)
    .with_any(
        " AND v.delivery IN (SELECT seq FROM {t}_delivery WHERE id = $$)",
        id,
        Type::BYTEA,
    )
    .with_any(" AND v.received_nanos >= $$", query.since.map(nanos), Type::INT8)
    .with_any(" AND v.received_nanos < $$", query.until.map(nanos), Type::INT8)
    .with_any(beyond, query.after, Type::INT8)
}

/// [`Desk::delivery`](wahook_core::inbox::Desk::delivery).
pub(super) struct OneDelivery<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) id: DeliveryId,
}

impl Work for OneDelivery<'_> {
    type Answer = Option<Kept>;

    async fn work(&self, connection: &mut Object) -> Result<Option<Kept>, Fault> {
        let schema = &self.inbox.schema;
        let id = self.id.as_bytes().to_vec();
        let question = Question::new(&format!(
            "SELECT {STORED}, NOT EXISTS (
                 SELECT FROM {{t}}_unread u WHERE u.delivery = d.seq AND NOT u.again
             ) FROM {{t}}_delivery d"
        ))
        .with(" WHERE d.id = $$ ORDER BY d.seq LIMIT 1", id, Type::BYTEA);
        let rows = question.ask(schema, connection).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (stored, read) = (stored(row)?, row.try_get(9)?);
        let question = Question::new(&format!(
            "SELECT {EVENT} FROM {{t}}_event v JOIN {{t}}_delivery d ON d.seq = v.delivery"
        ))
        .with(
            " WHERE v.delivery = $$ ORDER BY v.place",
            stored.position,
            Type::INT8,
        );
        let rows = question.ask(schema, connection).await?;
        let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        if !events.is_empty() {
            let rows = ask_progress(&events).ask(schema, connection).await?;
            add_progress(&mut events, &rows)?;
        }
        Ok(Some(Kept { stored, read, events }))
    }
}
