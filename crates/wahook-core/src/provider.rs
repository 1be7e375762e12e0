//! What a provider has to know about itself: its key, its words, its mapping.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};

use crate::{
    delivery::{Delivery, DeliveryKey},
    model::{self, Draft},
    parsed::Parsed,
    proof::Proof,
    split::Split,
};

/// A vendor whose deliveries we can read. Pure: bytes in, values out.
///
/// Contract, checked by `wahook_testkit::provider_contract!`: no method panics on any input, [`parse`](Self::parse)
/// yields one item per thing said in the delivery, in order, and [`normalise`](Self::normalise) is total.
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// The typed event.
    type Event: fmt::Debug + Clone + Send + Sync + 'static;

    /// The name in configuration, keys and events: lower-case letters.
    const ID: &'static str;

    /// What is known of this provider's habits.
    fn habits(&self) -> Habits;

    /// The headers that [`parse`](Self::parse) or [`key`](Self::key) look at; never credentials. They are kept with the delivery.
    fn kept_headers(&self) -> &[HeaderName] {
        &[]
    }

    /// The key of a delivery (G6), from the proof or by a bounded scan of the body, and the provider's own id of it.
    fn key(&self, proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed;

    /// What [`key`](Self::key) makes of a proof that tells this id, if that is the key: an id that stands outside of the
    /// body, by which a delivery can be asked for that never came. `None` where the body has a say in the key, and for what
    /// is no id.
    fn key_of_id(&self, _id: &str) -> Option<DeliveryKey> {
        None
    }

    /// Reads all items of a delivery in one pass over its body.
    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Self::Event>>;

    /// As [`parse`](Self::parse), one item after the other. Only a provider that can spare the list has one of its own.
    fn parse_each(&self, delivery: &Delivery, each: impl FnMut(Parsed<Self::Event>)) {
        self.parse(delivery).into_iter().for_each(each);
    }

    /// Takes a delivery apart: each item of [`parse`](Self::parse) as the body that the provider itself would have sent for
    /// it. `None` where nobody needs that: a provider that says one thing at a time.
    fn split(&self, _delivery: &Delivery) -> Option<Split> {
        None
    }

    /// Maps one item to the event model (N4).
    fn normalise(&self, item: Parsed<Self::Event>, delivery: &Delivery) -> Draft;
}

/// A typed event that knows whose it is, so that a handler may ask for it by its own type.
pub trait TypedEvent: Sized {
    /// The provider whose event it is.
    type Provider: Provider<Event = Self>;
}

/// A delivery's key and the provider's own id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keyed {
    /// The key.
    pub key: DeliveryKey,
    /// The provider's own id, if the delivery carries one.
    pub provider_id: Option<Arc<str>>,
}

impl Keyed {
    /// A key that is the provider's own id.
    #[must_use]
    pub fn by_id(key: DeliveryKey) -> Self {
        let id = Arc::clone(&key.text);
        Self::new(key, Some(id))
    }

    /// A key, and the provider's own id if there is one.
    #[must_use]
    pub const fn new(key: DeliveryKey, provider_id: Option<Arc<str>>) -> Self {
        Self { key, provider_id }
    }
}

/// What is known of a provider's habits; the guard and the answers follow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Habits {
    /// How long a completed key is remembered (G9): at least as long as the provider repeats.
    pub memory: Duration,
    /// How long a key that is only a digest is remembered: the retry window itself (G6).
    pub digest_memory: Duration,
    /// The status for a delivery that does not verify.
    pub refused: http::StatusCode,
    /// The time in which the provider wants its answer.
    pub answer_within: Duration,
}

impl Habits {
    /// Habits of a provider that repeats for `memory` and wants 401 for what does not verify.
    #[must_use]
    pub const fn new(memory: Duration, digest_memory: Duration, answer_within: Duration) -> Self {
        Self {
            memory,
            digest_memory,
            refused: http::StatusCode::UNAUTHORIZED,
            answer_within,
        }
    }

    /// Another status for what does not verify.
    #[must_use]
    pub const fn refused(self, status: http::StatusCode) -> Self {
        Self {
            refused: status,
            ..self
        }
    }
}

/// A provider behind a pointer: what layers and the gateway see. Implemented for every [`Provider`].
pub trait AnyProvider: fmt::Debug + Send + Sync + 'static {
    /// [`Provider::ID`].
    fn id(&self) -> &'static str;

    /// [`Provider::habits`].
    fn habits(&self) -> Habits;

    /// [`Provider::kept_headers`].
    fn kept_headers(&self) -> &[HeaderName];

    /// [`Provider::key`].
    fn key(&self, proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed;

    /// [`Provider::key_of_id`].
    fn key_of_id(&self, id: &str) -> Option<DeliveryKey>;

    /// Parses and normalises every item of a delivery.
    fn read(&self, delivery: &Delivery) -> Vec<model::Event>;

    /// [`Provider::split`].
    fn split(&self, delivery: &Delivery) -> Option<Split>;

    /// The item at this place as the provider's own types have it, in their `Debug` form: for a person who may see what it
    /// says.
    fn typed(&self, delivery: &Delivery, place: usize) -> Option<String>;

    /// For a typed handler that asks for one provider's events.
    fn as_any(&self) -> &dyn Any;
}

impl<P: Provider> AnyProvider for P {
    fn id(&self) -> &'static str {
        P::ID
    }

    fn habits(&self) -> Habits {
        Provider::habits(self)
    }

    fn kept_headers(&self) -> &[HeaderName] {
        Provider::kept_headers(self)
    }

    fn key(&self, proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed {
        Provider::key(self, proof, headers, body)
    }

    fn key_of_id(&self, id: &str) -> Option<DeliveryKey> {
        Provider::key_of_id(self, id)
    }

    fn read(&self, delivery: &Delivery) -> Vec<model::Event> {
        // Nearly every delivery says one thing.
        let mut events = Vec::with_capacity(1);
        self.parse_each(delivery, |item| {
            let index = events.len();
            events.push(self.normalise(item, delivery).finish(P::ID, delivery, index));
        });
        events
    }

    fn split(&self, delivery: &Delivery) -> Option<Split> {
        Provider::split(self, delivery)
    }

    fn typed(&self, delivery: &Delivery, place: usize) -> Option<String> {
        let item = self.parse(delivery).into_iter().nth(place)?;
        Some(match item {
            Parsed::Known { event, .. } => format!("{event:#?}"),
            Parsed::Unknown(unknown) => format!("{unknown:#?}"),
            Parsed::Malformed(malformed) => format!("{malformed:#?}"),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
