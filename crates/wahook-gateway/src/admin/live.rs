//! What happens, as it happens, for a page that is open: one stream with what came and what was read of it.
//!
//! A page that is slower than what comes is told the newest, and how many requests it missed: nothing piles up here.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::StatusCode;
use serde::Serialize;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use wahook_core::inbox::EventQuery;

use super::{AdminState, answer::Refused, arrivals::ArrivalPage, forms::EventForm, params::Params};

/// What happened since the last one.
#[derive(Serialize)]
struct News {
    #[serde(flatten)]
    came: ArrivalPage,
    /// What was filed, the newest first.
    events: Vec<EventForm>,
    /// More was filed than is told.
    more_events: bool,
}

/// From now on, with the newest that there are.
pub(super) async fn live(
    State(state): State<AdminState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    Params::of(query.as_deref())?.end(&[])?;
    let place = Arc::clone(&state.watchers).try_acquire_owned().map_err(|_| {
        let message = "as many pages are open as may be; close one";
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "watchers", message)
    })?;
    let watching = Watching {
        state,
        _place: place,
        after: 0,
        cursor: None,
        stirred: 0,
        is_first: true,
    };
    let news = stream::unfold(watching, |mut watching| async move {
        let event = watching.next().await;
        Some((Ok::<_, Infallible>(event), watching))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(news).keep_alive(alive).into_response())
}

/// So many pages may watch: each looks into the inbox.
pub(super) const WATCHERS: usize = 16;

/// So many are told at once: more than fit on a screen.
const AT_ONCE: u32 = 200;

/// Faster than anybody reads.
const EVERY: Duration = Duration::from_millis(200);
/// What other processes filed is noticed by looking.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Who watches, and what was told.
struct Watching {
    state: AdminState,
    _place: OwnedSemaphorePermit,
    after: u64,
    cursor: Option<i64>,
    stirred: u64,
    is_first: bool,
}

impl Watching {
    async fn next(&mut self) -> Event {
        loop {
            if !self.is_first {
                sleep(EVERY).await;
                let AdminState { desk, arrivals, .. } = &self.state;
                let something = async {
                    tokio::select! {
                        _ = arrivals.journal().more_than(self.after) => None,
                        stirred = desk.stirred(self.stirred) => Some(stirred),
                    }
                };
                if let Ok(Some(stirred)) = timeout(LOOK_EVERY, something).await {
                    self.stirred = stirred;
                }
            }
            let batch = self.state.arrivals.journal().since(self.after, AT_ONCE as usize);
            let was_first = self.is_first;
            let events = match self.filed().await {
                Ok(events) => events,
                Err(refused) => {
                    self.is_first = false;
                    sleep(LOOK_EVERY).await;
                    return Event::default().event("trouble").data(refused.to_string());
                }
            };
            self.after = batch.next;
            let is_news = self.is_first || !batch.arrivals.is_empty() || !events.is_empty();
            self.is_first = false;
            if is_news {
                let news = News {
                    came: ArrivalPage::of(&batch, &self.state.mask),
                    // What was there before is no news.
                    more_events: !was_first && events.len() == AT_ONCE as usize,
                    events,
                };
                let json = serde_json::to_string(&news).unwrap_or_default();
                return Event::default().data(json);
            }
        }
    }

    /// The newest events that were not told yet, the newest first.
    async fn filed(&mut self) -> Result<Vec<EventForm>, Refused> {
        let newest = EventQuery {
            limit: AT_ONCE,
            ..EventQuery::default()
        };
        let mut rows = self.state.asked(self.state.desk.events(&newest)).await?;
        if let Some(told) = self.cursor {
            rows.retain(|row| row.cursor > told);
        }
        self.cursor = rows.first().map(|row| row.cursor).or(self.cursor);
        let shown = self.state.shown(false);
        Ok(rows.iter().map(|row| EventForm::of(row, shown)).collect())
    }
}
