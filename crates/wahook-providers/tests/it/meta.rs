//! Meta: its samples against the event model, and what no body may do.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use wahook_core::{
    AnyProvider, Delivery,
    model::{Event as Normal, Kind},
};
use wahook_providers::meta::Meta;

use crate::support::received_at;

fn meta() -> Meta {
    Meta::default()
}

fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery::dangerous_unverified("shop", HeaderMap::new(), body.into(), received_at())
}

fn all(body: impl Into<Bytes>) -> Vec<Normal> {
    meta().read(&delivery(body))
}

fn sample(name: &str) -> &'static [u8] {
    wahook_testkit::sample("meta", name).unwrap_or_else(|| panic!("no sample {name}")).body
}

fn value(name: &str) -> Value {
    serde_json::from_slice(sample(name)).unwrap()
}

#[test]
fn n4_every_sample_normalises_as_reviewed() {
    for sample in wahook_testkit::samples("meta") {
        let events: Vec<_> = all(sample.body).into_iter().map(Normal::without_raw).collect();
        for event in &events {
            let known = !matches!(event.kind(), Kind::Unknown | Kind::Malformed);
            assert!(known, "{}: {event:?}", sample.name());
        }
        assert!(
            events.iter().any(|event| event.name.as_deref() == Some(sample.event)),
            "{}",
            sample.name()
        );
        match &*events {
            [event] => insta::assert_json_snapshot!(sample.name(), event),
            events => insta::assert_json_snapshot!(sample.name(), events),
        }
    }
}
