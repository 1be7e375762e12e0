//! Test deliveries: what an endpoint's provider would send, signed with the endpoint's own secrets.

use bytes::Bytes;
use http::{HeaderMap, Request, Uri};
use jiff::Timestamp;
use wahook_core::{Delivery, Endpoint, model::Kind, proof::SignError};
use wahook_testkit::{Outgoing, Sample, samples, signed_by};

/// A sample that shows something: a received message, where there is one.
pub(crate) fn sample(endpoint: &Endpoint) -> Option<Sample> {
    let provider = endpoint.provider();
    let all = samples(provider.id());
    let received = all.iter().find(|sample| {
        let body = Bytes::from_static(sample.body);
        let delivery =
            Delivery::dangerous_unverified(endpoint.name(), HeaderMap::new(), body, Timestamp::UNIX_EPOCH);
        let events = provider.read(&delivery);
        events.iter().any(|event| event.kind() == Kind::MessageReceived)
    });
    received.or(all.first()).copied()
}

/// This delivery, signed, to an endpoint at this path.
pub(crate) fn signed(
    endpoint: &Endpoint,
    path: &str,
    outgoing: &Outgoing,
    at: Timestamp,
) -> Result<Request<Bytes>, SignError> {
    let url = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
    signed_by(endpoint, outgoing, at, &url)
}
