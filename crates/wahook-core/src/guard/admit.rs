//! From verified to fresh: the rules between a store's answer and the handler.

use std::{fmt, time::Duration};

use http::HeaderMap;

use super::{Claim, Digest, Key};
use crate::{
    delivery::{Delivery, DeliveryId, KeySource},
    endpoint::{Endpoint, OnConflict},
    inbox::Incoming,
    model,
    parsed::Parsed,
    provider::Provider,
    verified::Verified,
};

/// A verified delivery with its key, before anybody claimed it.
#[derive(Debug)]
pub struct Prepared {
    endpoint: Endpoint,
    /// In a place of its own: it changes hands several times, and is large.
    delivery: Box<Delivery>,
    digest: Digest,
    key: Key,
}

impl Prepared {
    /// Finds the key of a verified delivery (G6). `random` makes its id and must be random.
    #[must_use]
    pub fn new(verified: Verified, headers: &HeaderMap, random: [u8; 10]) -> Self {
        let (endpoint, proof, body, received_at) = verified.into_parts();
        let provider = endpoint.provider();
        let keyed = provider.key(&proof, headers, &body);
        let mut kept = HeaderMap::new();
        for name in provider.kept_headers() {
            for value in headers.get_all(name) {
                kept.append(name, value.clone());
            }
        }
        let digest = if endpoint.verifier().binds_body() {
            Digest::of_signed(&body)
        } else {
            Digest::of(&body)
        };
        let key = Key::delivery(endpoint.name(), &keyed.key.text);
        let delivery = Box::new(Delivery {
            id: DeliveryId::new(received_at, random),
            endpoint: endpoint.shared_name(),
            key: keyed.key,
            provider_id: keyed.provider_id,
            conflict: false,
            received_at,
            signed_at: proof.signed_at(),
            headers: kept,
            body,
        });
        Self {
            endpoint,
            delivery,
            digest,
            key,
        }
    }

    /// The key to claim.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The digest to claim it with. Where conflicts are dropped, it is one for all bodies under the key, so that a
    /// body waits for another in flight: what is dropped must not be acknowledged before something was handled.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self.endpoint.on_conflict() {
            OnConflict::DropAndFlag => ANY_BODY,
            OnConflict::Handle => self.digest,
        }
    }

    /// The digest of a second record under the key, where conflicts are dropped: it tells whether this very body was
    /// seen before. Claim and complete it beside the other, whether the delivery is handled or is a duplicate; if it is
    /// fresh for a duplicate, that is a conflict (G7).
    #[must_use]
    pub fn body_digest(&self) -> Option<Digest> {
        (self.endpoint.on_conflict() == OnConflict::DropAndFlag).then_some(self.digest)
    }

    /// The endpoint that received it.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The delivery.
    #[must_use]
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// How long it is remembered once it is done (G6, G9).
    #[must_use]
    pub fn memory(&self) -> Duration {
        let memory = self.endpoint.memory();
        match self.delivery.key.source {
            KeySource::Digest => memory.min(self.endpoint.provider().habits().digest_memory),
            _ => memory,
        }
    }

    /// What the store's answer means.
    #[must_use]
    pub fn admit(mut self, claim: Claim) -> Admission {
        match claim {
            Claim::Duplicate { conflict } => Admission::Duplicate { conflict },
            Claim::InFlight { left, conflict } => Admission::InFlight {
                left,
                conflict,
                prepared: self,
            },
            Claim::Fresh { conflict } => {
                // Where conflicts are dropped, the other record is this delivery's own.
                self.delivery.conflict = conflict && self.body_digest().is_none();
                Admission::Fresh(self.into_fresh())
            }
        }
    }

    /// Goes on although the store did not answer: only where the endpoint's operator chose so (G8).
    #[must_use]
    pub fn accept_without_dedupe(self) -> Fresh {
        self.into_fresh()
    }

    /// For an inbox, which is its own guard.
    pub(crate) fn into_incoming(self) -> Incoming {
        let (provider, on_conflict, memory) = (
            self.endpoint.provider().id(),
            self.endpoint.on_conflict(),
            self.memory(),
        );
        Incoming::of(
            provider,
            *self.delivery,
            self.key,
            self.digest,
            on_conflict,
            memory,
        )
    }

    fn into_fresh(self) -> Fresh {
        Fresh {
            endpoint: self.endpoint,
            delivery: self.delivery,
            kept: None,
        }
    }
}

/// What all bodies under a key are claimed with, where conflicts are dropped; no body has this digest.
const ANY_BODY: Digest = Digest::from_bytes([0; 32]);

/// What a store's answer means for a delivery.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admission {
    /// It was handled before.
    Duplicate {
        /// Another body came under this key; where conflicts are dropped, [`Prepared::body_digest`] tells.
        conflict: bool,
    },
    /// Handle it.
    Fresh(Fresh),
    /// A copy is being handled.
    InFlight {
        /// How much of the holder's lease is left.
        left: Duration,
        /// Another body came under this key.
        conflict: bool,
        /// To claim again with.
        prepared: Prepared,
    },
}

/// A delivery that nobody handled before. Only the guard makes one.
///
/// It is no `http_body::Body`: a stack in which a layer was forgotten does not compile.
pub struct Fresh {
    endpoint: Endpoint,
    delivery: Box<Delivery>,
    /// The events that are left and their places in the delivery, once some were found to be handled before.
    kept: Option<Vec<(usize, model::Event)>>,
}

impl Fresh {
    /// The endpoint that received it.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The delivery: its ids, headers and signed bytes.
    #[must_use]
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Its events in the neutral model, without those that were handled before.
    #[must_use]
    pub fn events(&self) -> Vec<model::Event> {
        match &self.kept {
            Some(kept) => kept.iter().map(|(_, event)| event.clone()).collect(),
            None => self.endpoint.provider().read(&self.delivery),
        }
    }

    /// Its items as this provider's typed events, without those that were handled before; `None` if the endpoint is
    /// another provider's.
    #[must_use]
    pub fn typed<P: Provider>(&self) -> Option<Vec<Parsed<P::Event>>> {
        let items = self
            .endpoint
            .provider()
            .as_any()
            .downcast_ref::<P>()?
            .parse(&self.delivery);
        Some(match &self.kept {
            None => items,
            Some(kept) => items
                .into_iter()
                .enumerate()
                .filter(|(place, _)| kept.iter().any(|(left, _)| left == place))
                .map(|(_, item)| item)
                .collect(),
        })
    }

    /// With only these events, each with its place in the delivery: the others were handled before, in another delivery.
    #[must_use]
    pub fn keeping(mut self, events: Vec<(usize, model::Event)>) -> Self {
        self.kept = Some(events);
        self
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fresh").field(&self.delivery).finish()
    }
}
