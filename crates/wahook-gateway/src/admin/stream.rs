//! Events as they are filed, for `tail` and for pages: server-sent events, each with its cursor as id.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::HeaderMap;
use tokio::time::{sleep, timeout};
use wahook_core::inbox::{EventQuery, EventRow, Order};

use super::{
    AdminState,
    access::Rights,
    answer::Refused,
    forms::{EventForm, Shown},
    params::{EVENT_PARAMS, Params},
};

/// From `after` on, or from `Last-Event-ID` on, as browsers say when they come back; else from now on.
pub(super) async fn stream(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let mut ask = params.events()?;
    let reveal = params.flag("reveal")?;
    params.end(&EVENT_PARAMS)?;
    if ask.order.is_some() || ask.limit.is_some() {
        return Err(Refused::question(
            "events come in their order for as long as somebody listens; leave `order` and `limit` out",
        ));
    }
    let reveal = rights.reveal(reveal, &state)?;
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    ask.after = last.or(ask.after);
    let mut query = ask.query()?;
    if query.after.is_none() {
        let newest = EventQuery {
            limit: 1,
            ..EventQuery::default()
        };
        let rows = state.asked(state.desk.events(&newest)).await?;
        query.after = rows.first().map(|row| row.cursor);
    }
    query.order = Order::Oldest;
    query.limit = AT_ONCE;
    let tail = Tail {
        state,
        reveal,
        query,
        rows: VecDeque::new(),
        seen: 0,
    };
    let events = stream::unfold(tail, |mut tail| async move {
        let event = tail.next().await;
        Some((Ok::<_, Infallible>(event), tail))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

const AT_ONCE: u32 = 100;
/// What other processes filed is noticed by looking.
const LOOK_EVERY: Duration = Duration::from_secs(1);

const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(50);

/// Who listens, and how far it has heard.
struct Tail {
    state: AdminState,
    reveal: bool,
    query: EventQuery,
    rows: VecDeque<EventRow>,
    seen: u64,
}

impl Tail {
    async fn next(&mut self) -> Event {
        loop {
            if let Some(row) = self.rows.pop_front() {
                self.query.after = Some(row.cursor);
                return self.tell(&row);
            }
            // Asked before looking: what comes in between is not slept through.
            match self.state.asked(self.state.desk.events(&self.query)).await {
                Ok(rows) if rows.is_empty() => {
                    // Looking may be a long way: under load it is not done for each that comes in.
                    sleep(LOOK_AT_MOST_EVERY).await;
                    if let Ok(seen) = timeout(LOOK_EVERY, self.state.desk.stirred(self.seen)).await {
                        self.seen = seen;
                    }
                }
                Ok(rows) => self.rows = rows.into(),
                Err(refused) => {
                    sleep(LOOK_EVERY).await;
                    return Event::default().event("trouble").data(refused.to_string());
                }
            }
        }
    }

    fn tell(&self, row: &EventRow) -> Event {
        let shown = Shown {
            mask: &self.state.mask,
            reveal: self.reveal,
        };
        let form = EventForm::of(row, shown);
        let json = serde_json::to_string(&form).unwrap_or_default();
        Event::default().id(row.cursor.to_string()).data(json)
    }
}
