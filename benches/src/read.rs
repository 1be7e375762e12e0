//! From bytes to events, against building a `serde_json::Value` of the same bytes.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use wahook_core::{Delivery, Secrets, model::Kind};
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::samples;

use crate::{
    Group,
    harness::{Plan, Subject, measure, print},
};

pub const GROUP: Group = Group {
    name: "read",
    about: "every sample body of a provider, parsed and normalised, against serde_json::Value",
    run,
};

fn run(plan: Plan) {
    for row in PROVIDERS {
        let bodies: Vec<&[u8]> = samples(row.id).iter().map(|sample| sample.body).collect();
        if bodies.is_empty() {
            println!("\n{}: no samples", row.title);
            continue;
        }
        let secrets = Secrets::try_from((row.make_secret)([7; 32])).expect("a good secret");
        let endpoint = match (row.build)("bench", secrets, &Options::default()) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                println!("\n{}: no endpoint: {error}", row.title);
                continue;
            }
        };
        let provider = endpoint.provider();
        let deliveries: Vec<Delivery> = bodies
            .iter()
            .map(|body| {
                Delivery::dangerous_unverified(
                    "bench",
                    HeaderMap::new(),
                    Bytes::from_static(body),
                    Timestamp::UNIX_EPOCH,
                )
            })
            .collect();
        let known = deliveries
            .iter()
            .flat_map(|delivery| provider.read(delivery))
            .filter(|event| !matches!(event.kind(), Kind::Unknown | Kind::Malformed))
            .count();
        let bytes: usize = bodies.iter().map(|body| body.len()).sum();
        // Some samples are there because they are not JSON.
        let parse = |body: &&[u8]| serde_json::from_slice::<serde_json::Value>(body).ok();
        let lines = measure(
            plan,
            &mut [
                Subject::new("serde_json::Value", || bodies.iter().filter_map(parse).count()),
                Subject::new("wahook, events of the one model", || {
                    deliveries
                        .iter()
                        .map(|delivery| provider.read(delivery).len())
                        .sum::<usize>()
                }),
            ],
        );
        let title = format!(
            "read, {}: {} bodies, {bytes} B, {known} events known",
            row.title,
            bodies.len()
        );
        print(&title, &lines);
    }
}
