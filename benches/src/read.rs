//! From bytes to events, against building a `serde_json::Value` of the same bytes.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;
use wahook_core::{Delivery, Provider as _, Secrets, model::Kind};
use wahook_providers::{Options, PROVIDERS, meta, wawp};
use wahook_testkit::samples;

use crate::{
    Group,
    count::Against,
    harness::Subject,
    report::{Goal::AtMost, Report},
    request::nested,
};

pub const GROUP: Group = Group {
    name: "read",
    about: "bodies parsed and normalised, against serde_json::Value",
    run,
    is_counted: true,
};

fn run(report: &mut Report) {
    messages(report);
    batches(report);
    samples_of_all(report);
}

fn samples_of_all(report: &mut Report) {
    for row in PROVIDERS {
        let bodies: Vec<&[u8]> = samples(row.id).iter().map(|sample| sample.body).collect();
        if bodies.is_empty() {
            report.left_out(&format!("read, {}", row.title), "there are no samples");
            continue;
        }
        let secrets = Secrets::try_from((row.make_secret)([7; 32])).expect("a good secret");
        let endpoint = match (row.build)("bench", secrets, &Options::default()) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                report.left_out(&format!("read, {}", row.title), error);
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
        let parse = |body: &&[u8]| serde_json::from_slice::<Value>(body).ok();
        let title = format!(
            "read, {}: {} bodies, {bytes} B, {known} events known",
            row.title,
            bodies.len()
        );
        report.table(
            &title,
            Against::Peer,
            &mut [
                Subject::new(VALUE, || bodies.iter().filter_map(parse).count()),
                Subject::new(OURS, || {
                    deliveries
                        .iter()
                        .map(|delivery| provider.read(delivery).len())
                        .sum::<usize>()
                }),
            ],
        );
    }
}

const VALUE: &str = "serde_json::Value";
const OURS: &str = "wahook, events of the one model";

/// One message of Wawp, as it is most often, and with as much of the engine's own `_data` as it comes with at times.
fn messages(report: &mut Report) {
    for (size, data, most) in [("660 B", 0, 0.65), ("20 KB of nested JSON", 19_500, 0.15)] {
        let body = message(data);
        let endpoint = wawp::endpoint("shop", "b5c1f9e0d7a84c3e9f02").expect("a good secret");
        let provider = endpoint.provider();
        let delivery =
            Delivery::dangerous_unverified("shop", HeaderMap::new(), body.clone(), Timestamp::UNIX_EPOCH);
        let events = provider.read(&delivery);
        assert!(matches!(events[..], [ref event] if event.kind() == Kind::MessageReceived));
        let what = format!("read, Wawp message, {size}");
        let lines = report.table(
            &what,
            Against::Peer,
            &mut [
                Subject::new(VALUE, || serde_json::from_slice::<Value>(&body).expect("JSON")),
                Subject::new(OURS, || provider.read(&delivery)),
                Subject::new("wahook, the provider's own types", || {
                    wawp::Wawp::default().parse(&delivery)
                }),
            ],
        );
        report.goal(
            format!("{what}, over Value"),
            lines.ratio(OURS, VALUE),
            AtMost(most),
        );
    }
}

/// As much as Meta puts into one delivery: a thousand updates, a few hundred kilobytes of them texts.
fn batches(report: &mut Report) {
    let body = batch();
    let endpoint = meta::endpoint("app", "0123456789abcdef0123456789abcdef").expect("a good secret");
    let provider = endpoint.provider();
    let delivery =
        Delivery::dangerous_unverified("app", HeaderMap::new(), body.clone(), Timestamp::UNIX_EPOCH);
    let events = provider.read(&delivery);
    assert!(events.len() == 1000 && events.iter().all(|event| event.kind() == Kind::MessageReceived));
    let what = format!("read, a Meta delivery of 1,000 messages, {} B", body.len());
    report.table(
        &what,
        Against::Peer,
        &mut [
            Subject::new(VALUE, || serde_json::from_slice::<Value>(&body).expect("JSON")),
            Subject::new(OURS, || provider.read(&delivery)),
            Subject::new("wahook, taken apart into 1,000 deliveries", || {
                provider.split(&delivery)
            }),
        ],
    );
}

/// With a contact for each message, as they come.
fn batch() -> Bytes {
    let of = |one: &dyn Fn(usize) -> String| (0..1000).map(one).collect::<Vec<_>>().join(",");
    let contacts = of(&|number| {
        format!(
            r#"{{"profile":{{"name":"Customer {number}"}},"wa_id":"1555{number:07}","user_id":"US.{number:015}"}}"#
        )
    });
    let messages = of(&|number| {
        format!(
            concat!(
                r#"{{"from":"1555{number:07}","from_user_id":"US.{number:015}","id":"wamid.HBgLMTU1NTAwMDAwMDIVAgASGBQ{number:012}","#,
                r#""timestamp":"1767225600","type":"text","text":{{"body":"Is the blue one still there, and could you put it aside for me until Friday?"}}}}"#,
            ),
            number = number
        )
    });
    Bytes::from(format!(
        concat!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"300000000000001","changes":[{{"value":{{"messaging_product":"whatsapp","#,
            r#""metadata":{{"display_phone_number":"15559999999","phone_number_id":"200000000000001"}},"#,
            r#""contacts":[{contacts}],"messages":[{messages}]}},"field":"messages"}}]}}]}}"#,
        ),
        contacts = contacts,
        messages = messages
    ))
}

/// Of so many bytes, with so many in `_data`.
fn message(data: usize) -> Bytes {
    let data = match data {
        0 => String::new(),
        size => format!(r#","_data":{{{}}}"#, nested(size)),
    };
    Bytes::from(format!(
        concat!(
            r#"{{"id":"evt_01kdv000000000000000000001","timestamp":1767225601123,"event":"message","session":"A1B2C3D4E5F6","#,
            r#""metadata":{{"user.id":"42"}},"me":{{"id":"15550000001@c.us","pushName":"Corner Shop"}},"payload":{{"#,
            r#""id":"false_15550000002@c.us_3EB0A1B2C3D4E5F60001","timestamp":1767225600,"from":"15550000002@c.us","fromMe":false,"#,
            r#""source":"app","to":"15550000001@c.us","body":"Is the blue one still there, and could you put it aside for me until Friday?","#,
            r#""hasMedia":false,"media":null,"ack":1,"ackName":"SERVER","vCards":[]{data}}},"engine":"WEBJS","#,
            r#""environment":{{"version":"2026.2.1","engine":"WEBJS","tier":"PLUS"}}}}"#,
        ),
        data = data
    ))
}
