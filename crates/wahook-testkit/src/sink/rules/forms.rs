//! What a message looks like, and by what it is known.

use std::collections::BTreeSet;

use wahook_core::sink::{MessageForm, MessageFormat};

use super::Harness;
use crate::sink::{
    PHONE,
    events::{event, key},
};

/// **I4**: what is handed over again has the same id, and a replay another, for consumers that compare them.
///
/// A broker that compares ids itself may keep the repeat or drop it.
pub async fn i4_a_replay_is_another_and_a_repeat_is_not(harness: Harness) {
    let sink = harness.sink();
    let mut again = event("a", 1);
    again.attempt = Some(2);
    let replays = [7, 8].map(|number| {
        let mut replay = event("a", 1);
        replay.replay = Some(number);
        replay
    });
    harness.hand_over(&*sink, &[event("a", 1), event("a", 2)]).await;
    harness.hand_over(&*sink, &[again]).await;
    harness.hand_over(&*sink, &replays).await;
    let received = harness.read().await;
    let ids: BTreeSet<_> = received.iter().map(|one| one.id.as_str()).collect();
    let (first, second) = (key("a", 1), key("a", 2));
    let (seventh, eighth) = (format!("{first}#r7"), format!("{first}#r8"));
    let expected: BTreeSet<&str> = [&first, &second, &seventh, &eighth].map(String::as_str).into();
    assert_eq!(ids, expected);
    assert!((4..=5).contains(&received.len()), "{received:?}");
}

/// **N2**: each form is written as it is described, with the provider's own JSON unless that is not wanted.
pub async fn n2_a_message_looks_as_it_was_asked_to(harness: Harness) {
    let forms = [
        (MessageFormat::Event, true),
        (MessageFormat::CloudEvents, true),
        (MessageFormat::CloudEventsBinary, false),
    ];
    for ((format, raw), number) in forms.into_iter().zip(1..) {
        let sink = harness.sink_in(MessageForm { format, raw });
        harness.hand_over(&*sink, &[event("a", number)]).await;
    }
    let mut received = harness.read().await;
    assert_eq!(received.len(), 3, "{received:?}");
    received.sort_by(|one, other| one.id.cmp(&other.id));
    let [plain, structured, binary] = received.try_into().expect("three");
    assert!(
        plain.content_type.starts_with("application/json"),
        "{}",
        plain.content_type
    );
    assert!(plain.attributes.is_empty(), "{:?}", plain.attributes);
    assert_eq!(plain.event().raw, event("a", 1).raw);

    assert!(
        structured
            .content_type
            .starts_with("application/cloudevents+json"),
        "{}",
        structured.content_type
    );
    assert!(structured.attributes.is_empty(), "{:?}", structured.attributes);
    let whole: serde_json::Value = serde_json::from_slice(&structured.body).expect("JSON");
    assert_eq!(whole["specversion"], "1.0");
    assert_eq!(whole["id"], *key("a", 2));
    assert_eq!(whole["data"]["key"], *key("a", 2));

    assert!(
        binary.content_type.starts_with("application/json"),
        "{}",
        binary.content_type
    );
    let attribute = |name: &str| binary.attributes.get(name).map(String::as_str);
    assert_eq!(attribute("specversion"), Some("1.0"));
    assert_eq!(attribute("id"), Some(&*key("a", 3)));
    assert_eq!(attribute("type"), Some("wahook.message.received"));
    assert_eq!(attribute("source"), Some("/wahook/wawp/shop/A1"));
    assert_eq!(attribute("subject"), Some("a-3"));
    let event = binary.event();
    assert_eq!((&*event.key, event.raw.is_none()), (&*key("a", 3), true));
}

/// **P**: the lane is the same for all events of a conversation and another for another one, and no phone number is in it.
pub async fn p_a_lane_is_its_conversation_and_names_nobody(harness: Harness) {
    let sink = harness.sink();
    let someone = format!("{PHONE}@c.us");
    let mut replay = event(&someone, 1);
    replay.replay = Some(7);
    for events in [
        [event(&someone, 1), event(&someone, 2)],
        [event("b", 1), event("b", 2)],
        [replay, event(&someone, 3)],
    ] {
        harness.hand_over(&*sink, &events).await;
    }
    let received = harness.read().await;
    let lanes = |of: &str| -> BTreeSet<String> {
        let of = received.iter().filter(|one| one.event().key.contains(of));
        of.map(|one| one.lane.clone()).collect()
    };
    let (one, other) = (lanes(&someone), lanes(":b-"));
    assert_eq!((one.len(), other.len()), (1, 1), "{one:?} {other:?}");
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
    for lane in one.iter().chain(&other) {
        assert!(!lane.is_empty() && !lane.contains(PHONE), "{lane}");
    }
}
