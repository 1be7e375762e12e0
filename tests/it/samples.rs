//! Every sample of every provider: sent, it is printed once, normalised as the library normalises it.

use std::collections::HashSet;

use bytes::Bytes;
use http::Uri;
use jiff::Timestamp;
use serde_json::Value;
use wahook_core::{guard::Prepared, model::Event};
use wahook_testkit::{Outgoing, Sender, samples};

use super::program::{Gateway, Hook};

/// The events of a delivery, as the library reads them in this process.
fn expected(hook: &Hook, url: &str, outgoing: &Outgoing) -> Vec<Event> {
    let endpoint = hook.endpoint();
    let sender = Sender::new(endpoint.clone(), hook.secret(), url.parse::<Uri>().unwrap());
    let at = Timestamp::from_second(1_767_225_600).unwrap();
    let (head, body) = sender.request(outgoing, at).unwrap().into_parts();
    let mut check = endpoint.begin(&head, at).unwrap();
    check.update(Bytes::clone(&body));
    let verified = check.finish().map_err(|(refusal, _)| refusal).unwrap();
    let prepared = Prepared::new(verified, &head.headers, [0; 10]);
    endpoint.provider().read(prepared.delivery())
}

/// Without what differs between two arrivals: our own id, and times that are not the payload's.
fn stable(mut event: Value) -> Value {
    let clear = |value: &mut Value, name: &str| {
        assert_ne!(value[name], Value::Null, "{name}");
        value[name] = Value::Null;
    };
    clear(&mut event, "received_at");
    clear(&mut event["delivery"], "id");
    if event["time_source"] == "header" {
        clear(&mut event, "occurred_at");
    }
    event
}

#[test]
fn g10_every_sample_is_printed_once_and_as_the_library_normalises_it() {
    let gateway = Gateway::start("samples", "");
    let mut total = 0;
    for hook in &gateway.hooks {
        // Samples tell of the same messages in several shapes; what was said before is not printed again.
        let mut seen = HashSet::new();
        for sample in samples(hook.row.id) {
            let name = format!("{} {}", hook.row.id, sample.name());
            let outgoing = Outgoing::personalise(&sample, 1);
            let mut expected = expected(hook, &gateway.url(hook), &outgoing);
            assert!(!expected.is_empty(), "{name}");
            expected.retain(|event| seen.insert(event.key.clone()));

            let (code, report) = gateway.send(hook, &sample.name(), &["--number", "1"]);
            assert_eq!(
                (code, &report["answers"]),
                (0, &serde_json::json!({ "200": 1 })),
                "{name}: {report}"
            );
            // Several conversations in one delivery go side by side.
            let mut printed = gateway.events(expected.len());
            printed.sort_by_key(|event| event["key"].to_string());
            expected.sort_by_key(|event| Value::from(&*event.key).to_string());
            for (event, printed) in expected.iter().zip(printed) {
                let mut event = serde_json::to_value(event).unwrap();
                // Which attempt it is, is the sink's to say.
                event["attempt"] = Value::from(1);
                // Two samples under one key are a conflict, which only the gateway can know.
                let mut printed = printed;
                printed["delivery"]["conflict"] = Value::Bool(false);
                // So is whether a state of a session came late.
                if printed["kind"] == "session.status" {
                    assert!(printed["data"]["late"].take().is_boolean(), "{name}");
                }
                assert_eq!(stable(printed), stable(event), "{name}");
            }
            total += expected.len();
        }
    }
    assert!(total > 100, "{total}");

    // All of it once more, and as copies at once: nothing new is said.
    for hook in &gateway.hooks {
        let (code, report) = gateway.send(hook, "all", &["--number", "1", "--fault", "concurrent"]);
        assert_eq!(code, 0, "{report}");
    }
    assert_eq!(gateway.end(), Vec::<String>::new());
}

#[test]
fn g1_many_events_at_once_are_printed_once_each() {
    let gateway = Gateway::start("many", "");
    for hook in &gateway.hooks {
        let first = samples(hook.row.id).first().unwrap().name();
        let event = samples(hook.row.id)
            .iter()
            .find(|sample| sample.name().starts_with("message"))
            .map_or(first, |sample| sample.name());
        let more = ["--count", "200", "--concurrency", "16", "--fault", "concurrent"];
        let (code, report) = gateway.send(hook, &event, &more);
        assert_eq!((code, &report["sent"]), (0, &Value::from(1600)), "{report}");
        let keys: HashSet<_> = gateway
            .events(200)
            .iter()
            .map(|event| event["key"].to_string())
            .collect();
        assert_eq!(keys.len(), 200, "{}", hook.row.id);
    }
    assert_eq!(gateway.end(), Vec::<String>::new());
}

#[test]
fn g6_two_calls_of_send_are_two_events_however_fast() {
    let gateway = Gateway::start("calls", "");
    for hook in &gateway.hooks {
        // What one call of everything says, counted once.
        let mut said = HashSet::new();
        for sample in samples(hook.row.id) {
            let outgoing = Outgoing::personalise(&sample, 1);
            let events = expected(hook, &gateway.url(hook), &outgoing);
            said.extend(events.into_iter().map(|event| event.key));
        }
        let mut keys = HashSet::new();
        for _ in 0..3 {
            let (code, report) = gateway.send(hook, "all", &[]);
            assert_eq!(code, 0, "{report}");
            let events = gateway.events(said.len());
            keys.extend(events.iter().map(|event| event["key"].to_string()));
        }
        assert_eq!(keys.len(), 3 * said.len(), "{}", hook.row.id);
    }
    assert_eq!(gateway.end(), Vec::<String>::new());
}
