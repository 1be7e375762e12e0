//! What is handed to a sink fits its filter, also in a replay, which names the sink and not what it wants.

use wahook_core::{model::Event, sink::Delivered};

use crate::Route;

/// Hands over; what is replayed and does not fit is passed over, and done.
pub(crate) async fn deliver(route: &Route, events: &[Event]) -> Delivered {
    let fits = |event: &Event| event.replay.is_none() || route.filter.wants(event);
    if events.iter().all(fits) {
        return route.sink.deliver(events).await;
    }
    let fitting: Vec<_> = events.iter().filter(|event| fits(event)).cloned().collect();
    let mut delivered = if fitting.is_empty() {
        Delivered::default()
    } else {
        route.sink.deliver(&fitting).await
    };
    delivered.done = place_of(delivered.done, events, fits);
    delivered
}

/// Where the first event is that fits and is not among the first so many of those.
fn place_of(done: usize, events: &[Event], fits: impl Fn(&Event) -> bool) -> usize {
    let fitting = events.iter().enumerate().filter(|(_, event)| fits(event));
    fitting.map(|(place, _)| place).nth(done).unwrap_or(events.len())
}
