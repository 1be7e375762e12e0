//! A provider under test.

use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use jiff::Timestamp;
use serde_json::Value;
use wahook_core::{
    Delivery, DeliveryKey, Endpoint, Provider, Secret, Split,
    guard::Prepared,
    model::{Event, Kind},
    proof::Verifier,
};

use crate::{Outgoing, Sample, Sender};

/// A provider under test, with its samples.
#[derive(Debug)]
pub struct Contract {
    pub(super) sender: Sender,
    pub(super) samples: Vec<Sample>,
}

impl Contract {
    /// A provider whose keys need nothing signed.
    #[must_use]
    pub fn new(provider: impl Provider, samples: Vec<Sample>) -> Self {
        let endpoint = Endpoint::new("contract", provider, Verifier::dangerous_unverified());
        let secret = Secret::new("plays no part here").expect("it is not empty");
        Self::of(endpoint.expect("the name is good"), secret, samples)
    }

    /// A provider behind an endpoint of its own, so that what it reads was signed as it signs.
    #[must_use]
    pub fn of(endpoint: Endpoint, secret: Secret, samples: Vec<Sample>) -> Self {
        assert!(!samples.is_empty(), "a contract without samples says nothing");
        let url = Uri::from_static("https://example.com/contract");
        Self {
            sender: Sender::new(endpoint, secret, url),
            samples,
        }
    }

    /// The events of a body that came without headers.
    pub(super) fn read(&self, body: impl Into<Bytes>) -> Vec<Event> {
        self.read_under(body, None)
    }

    /// The items of a body, each as a body of its own.
    pub(super) fn split(&self, body: impl Into<Bytes>) -> Option<Split> {
        let delivery = Delivery::dangerous_unverified("contract", HeaderMap::new(), body.into(), now());
        self.sender.endpoint().provider().split(&delivery)
    }

    /// The same, under a delivery key of its own.
    pub(super) fn read_under(&self, body: impl Into<Bytes>, key: Option<&str>) -> Vec<Event> {
        let mut delivery = Delivery::dangerous_unverified("contract", HeaderMap::new(), body.into(), now());
        if let Some(key) = key {
            delivery.key = DeliveryKey::header(key);
        }
        self.sender.endpoint().provider().read(&delivery)
    }

    /// The request as the provider sends it.
    pub(super) fn request(&self, outgoing: &Outgoing, at: Timestamp) -> Request<Bytes> {
        self.sender
            .request(outgoing, at)
            .expect("the endpoint's own secret signs")
    }

    /// What the receiver makes of a request; `None` if it does not verify.
    pub(super) fn receive(&self, request: Request<Bytes>, at: Timestamp) -> Option<Prepared> {
        let (head, body) = request.into_parts();
        let mut check = self.sender.endpoint().begin(&head, at).ok()?;
        check.update(body);
        Some(Prepared::new(check.finish().ok()?, &head.headers, [1; 10]))
    }

    /// The same for a delivery that is sent and received as it should be.
    pub(super) fn deliver(&self, outgoing: &Outgoing) -> Prepared {
        self.receive(self.request(outgoing, now()), now())
            .expect("what the provider signs verifies")
    }

    /// The samples that are JSON text, with a name for messages of failure.
    pub(super) fn texts(&self) -> impl Iterator<Item = (String, &'static str)> {
        self.samples.iter().filter_map(|sample| {
            let json = std::str::from_utf8(sample.body).ok()?;
            Some((format!("{} {}", sample.provider, sample.name()), json))
        })
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::constant(1_780_000_000, 0)
}

/// What an event says, without how it was delivered and without the item itself.
pub(super) fn said(events: &[Event]) -> Vec<Value> {
    let of_one = |event: &Event| {
        let mut said = serde_json::to_value(event.clone().without_raw()).expect("an event is JSON");
        if let Some(members) = said.as_object_mut() {
            members.remove("delivery");
            // A key that is made of the delivery's says nothing of the event.
            let of_delivery = event.key.contains(":delivery:");
            members.retain(|name, _| name != "key" || !of_delivery);
        }
        said
    };
    events.iter().map(of_one).collect()
}

pub(super) fn is_malformed(event: &Event) -> bool {
    event.kind() == Kind::Malformed
}

pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}
