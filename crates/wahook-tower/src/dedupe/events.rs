//! The second level: what was said, not how it was sent (G10).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use http::{Response, StatusCode};
use tokio::time::{Instant, sleep};
use wahook_core::{
    OnStoreDown,
    guard::{Claim, Digest, Fresh, Key, StoreError, StoreErrorKind, Token},
    model::Event,
};

use super::{
    DedupeLayer,
    claims::{Held, POLL, STORE_DOWN},
};
use crate::{Answer, Signal, clock::after, finishing::AGAIN, random::random};

/// The events of a delivery that nobody handled before, with their claims.
pub(super) struct Claimed {
    pub(super) fresh: Vec<(usize, Event)>,
    pub(super) held: Vec<Held>,
    pub(super) duplicates: usize,
}

/// Claims each event of a delivery; on failure the answer, and what was already claimed.
///
/// All deliveries claim in one order, that of the keys: two that share events never wait for each other. Claiming ends
/// with the lease of the delivery, which is the first to end.
pub(super) async fn claim(
    settings: &DedupeLayer,
    delivery: &Fresh,
    waiting_ends: Instant,
    lease_ends: Instant,
) -> Result<Claimed, (Response<Answer>, Vec<Held>)> {
    let endpoint = delivery.endpoint();
    let mut claimed = Claimed {
        fresh: Vec::new(),
        held: Vec::new(),
        duplicates: 0,
    };
    // A provider's reading never panics; should a stranger's do, the delivery must not stay claimed.
    let Ok(events) = catch_unwind(AssertUnwindSafe(|| delivery.events())) else {
        settings.observe(endpoint, &Signal::HandlerFailed { how: "panic" });
        return Err((Answer::status(StatusCode::INTERNAL_SERVER_ERROR), Vec::new()));
    };
    let mut events: Vec<_> = events.into_iter().enumerate().collect();
    events.sort_by(|(_, one), (_, other)| one.key.cmp(&other.key));
    let count = events.len();
    events.dedup_by(|(_, later), (_, first)| later.key == first.key);
    claimed.duplicates += count - events.len();
    let mut without_dedupe = false;
    for (place, event) in events {
        if without_dedupe {
            claimed.fresh.push((place, event));
            continue;
        }
        if Instant::now() >= lease_ends {
            return Err((Answer::later(AGAIN), claimed.held));
        }
        let mut held = Held {
            key: Key::event(endpoint.event_scope(), &event.key),
            // What was said is the key itself; how it was sent does not count.
            digest: Digest::from_bytes([0; 32]),
            token: Token::new(random()),
            memory: endpoint.memory(),
            lease_ends: after(settings.lease),
        };
        match claim_one(settings, &mut held, waiting_ends).await {
            Ok(true) => {
                claimed.held.push(held);
                claimed.fresh.push((place, event));
            }
            Ok(false) => claimed.duplicates += 1,
            Err(Stopped::InFlight(left)) => {
                settings.observe(endpoint, &Signal::StillInFlight);
                return Err((Answer::later(left.min(settings.handler_deadline)), claimed.held));
            }
            Err(Stopped::StoreDown(error)) => {
                settings.observe(endpoint, &Signal::StoreDown { error: &error });
                let refuse =
                    error.kind() == StoreErrorKind::Full || endpoint.on_store_down() == OnStoreDown::Refuse;
                if error.kind() == StoreErrorKind::Slow {
                    claimed.held.push(held); // it may have been taken all the same
                }
                if refuse {
                    return Err((Answer::later(STORE_DOWN), claimed.held));
                }
                // The provider waits once for a store that is down, not once for each event.
                without_dedupe = true;
                settings.observe(endpoint, &Signal::AcceptedWithoutDedupe);
                claimed.fresh.push((place, event));
            }
        }
    }
    claimed.fresh.sort_unstable_by_key(|(place, _)| *place);
    Ok(claimed)
}

enum Stopped {
    InFlight(Duration),
    StoreDown(StoreError),
}

/// Whether the event is ours to handle; waits for a copy in flight.
async fn claim_one(settings: &DedupeLayer, held: &mut Held, waiting_ends: Instant) -> Result<bool, Stopped> {
    loop {
        held.lease_ends = after(settings.lease);
        match settings.claim(held).await.map_err(Stopped::StoreDown)? {
            Claim::Fresh { .. } => return Ok(true),
            Claim::InFlight { left, .. } => {
                let patience = waiting_ends.saturating_duration_since(Instant::now());
                if patience.is_zero() {
                    return Err(Stopped::InFlight(left));
                }
                sleep(patience.min(POLL)).await;
            }
            Claim::Duplicate { .. } => return Ok(false),
            // An answer of a later release: nothing is swallowed for it.
            _ => return Err(Stopped::StoreDown(StoreError::new(StoreErrorKind::Unavailable))),
        }
    }
}
