//! The second level: what was said, not how it was sent (G10).

use std::{collections::HashSet, time::Duration};

use http::Response;
use tokio::time::{Instant, sleep};
use wahook_core::{
    OnStoreDown,
    guard::{Claim, Digest, Fresh, Key, StoreErrorKind, Token},
    model::Event,
};

use super::{
    DedupeLayer,
    layer::random,
    life::Held,
};
use crate::{Answer, Signal};

/// The events of a delivery that nobody handled before, with their claims.
pub(super) struct Claimed {
    pub(super) fresh: Vec<(usize, Event)>,
    pub(super) held: Vec<Held>,
    pub(super) duplicates: usize,
}

/// Claims each event of a delivery; on failure the answer, and what was already claimed.
pub(super) async fn claim(
    settings: &DedupeLayer,
    delivery: &Fresh,
    waiting_ends: Instant,
) -> Result<Claimed, (Response<Answer>, Vec<Held>)> {
    let endpoint = delivery.endpoint();
    let mut claimed = Claimed { fresh: Vec::new(), held: Vec::new(), duplicates: 0 };
    let mut seen = HashSet::new();
    for (place, event) in delivery.events().into_iter().enumerate() {
        if !seen.insert(event.key.clone()) {
            claimed.duplicates += 1;
            continue;
        }
        let held = Held {
            key: Key::event(endpoint.event_scope(), &event.key),
            // What was said is the key itself; how it was sent does not count.
            digest: Digest::from_bytes([0; 32]),
            token: Token::new(random()),
            memory: endpoint.memory(),
        };
        match claim_one(settings, &held, waiting_ends).await {
            Ok(true) => {
                claimed.held.push(held);
                claimed.fresh.push((place, event));
            }
            Ok(false) => claimed.duplicates += 1,
            Err(Stopped::InFlight(left)) => {
                settings.observer.observe(endpoint.name(), &Signal::StillInFlight);
                return Err((Answer::later(left), claimed.held));
            }
            Err(Stopped::StoreDown(error)) => {
                settings.observer.observe(endpoint.name(), &Signal::StoreDown { error: &error });
                let refuse = error.kind() == StoreErrorKind::Full || endpoint.on_store_down() == OnStoreDown::Refuse;
                if refuse {
                    return Err((Answer::later(Duration::from_secs(5)), claimed.held));
                }
                settings.observer.observe(endpoint.name(), &Signal::AcceptedWithoutDedupe);
                claimed.fresh.push((place, event));
            }
        }
    }
    Ok(claimed)
}

enum Stopped {
    InFlight(Duration),
    StoreDown(wahook_core::guard::StoreError),
}

/// Whether the event is ours to handle; waits for a copy in flight.
async fn claim_one(settings: &DedupeLayer, held: &Held, waiting_ends: Instant) -> Result<bool, Stopped> {
    loop {
        let verb = settings.store.claim(&held.key, held.digest, held.token, settings.lease);
        match settings.in_time(verb).await.map_err(Stopped::StoreDown)? {
            Claim::Fresh { .. } => return Ok(true),
            Claim::InFlight { left, .. } => {
                let patience = waiting_ends.saturating_duration_since(Instant::now());
                if patience.is_zero() {
                    return Err(Stopped::InFlight(left));
                }
                sleep(patience.min(Duration::from_millis(20))).await;
            }
            _ => return Ok(false),
        }
    }
}
