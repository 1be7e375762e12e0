//! What a request says, read by the library on the sender's side: what the gateway must make of it.
//!
//! The reader is the gateway's own, so the demo proves nothing about *how* a body is read; tests with fixtures do. It
//! proves that what was read is stored, told apart, ordered and handed over.

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use wahook_core::{
    Delivery, Endpoint,
    inbox::Incoming,
    model::{Event, Kind},
};

use super::{arrival::Arrival, mark::Mark};

/// A request, read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The key of the delivery at its endpoint.
    pub(super) key: Mark,
    /// The key and the body: copies have the same.
    pub(super) copy: Mark,
    /// Why it does not verify, if it does not.
    pub(super) refusal: Option<&'static str>,
    pub(super) events: Vec<Said>,
}

/// An event of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) event: Mark,
    /// What it may say: whether a session's state came late follows from the order of acceptance, which only the gateway
    /// knows.
    pub(super) contents: [Mark; 2],
    /// The conversation, at its endpoint.
    pub(super) lane: Mark,
    pub(super) kind: Kind,
}

impl Reading {
    /// Reads a request as it is when it arrives. `conflict` tells that another body came under its key before.
    pub(super) fn of(endpoint: &Endpoint, request: &Request<Bytes>, now: Timestamp, conflict: bool) -> Self {
        let (head, body) = request.clone().into_parts();
        let verified = endpoint.begin(&head, now).and_then(|mut check| {
            check.update(body.clone());
            check.finish().map_err(|(refusal, _)| refusal)
        });
        let (mut delivery, refusal) = match verified {
            Ok(verified) => {
                let incoming = Incoming::new(verified, &head.headers, [0; 10]);
                (incoming.delivery().clone(), None)
            }
            // What it would say: none of it may appear.
            Err(refusal) => {
                let delivery = Delivery::dangerous_unverified(endpoint.name(), head.headers, body, now);
                (delivery, Some(refusal.kind().as_str()))
            }
        };
        delivery.conflict = conflict;
        let events = endpoint.provider().read(&delivery);
        let digest = wahook_core::guard::Digest::of(&delivery.body).to_string();
        Self {
            key: Mark::of(&[endpoint.name(), &delivery.key.text]),
            copy: Mark::of(&[endpoint.name(), &delivery.key.text, &digest]),
            refusal,
            events: events.iter().filter_map(Said::of).collect(),
        }
    }
}

impl Said {
    fn of(event: &Event) -> Option<Self> {
        let [in_time, late] = [false, true].map(|late| {
            let mut event = event.clone();
            event.judge_late(late);
            Arrival::of(&event)
        });
        let (in_time, late) = (in_time?, late?);
        Some(Self {
            event: in_time.event,
            contents: [in_time.content, late.content],
            lane: Mark::of(&[&event.lane()]),
            kind: event.kind(),
        })
    }
}
