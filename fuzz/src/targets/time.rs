//! Instants in the many forms that providers write them (N7).

use jiff::{SignedDuration, Timestamp};
use wahook_core::{
    instant, instant_of_text,
    json::{Number, Text},
};

use super::Target;

pub(super) const TIME: Target = Target {
    name: "time",
    run,
    seeds: || {
        [
            "1767225600",
            "1767225600123",
            "1767225600123456",
            "1710481111.853",
            "1.767225600123e12",
            "-5",
            "0",
            "99999999999999999999",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.123456789Z",
            "2026-01-01T02:00:00+02:00",
            "2026-01-01 02:00:00+02:00",
            "20260101T000000Z",
            "-009999-01-02T01:59:59Z",
            "2026-01-01T00:00:00Z[Europe/Berlin]",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    longest: 96,
};

fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = instant_of_text(text);
    assert_eq!(read, instant(&Number::Text(Text::from(text))), "a text is a text");
    if let Some(at) = read {
        // Zero and below is no time: senders write it for "unknown".
        if text.trim().parse::<f64>().is_ok() {
            assert!(at > Timestamp::UNIX_EPOCH, "a number is after 1970: {at}");
        }
        assert_eq!(
            instant_of_text(&at.to_string()),
            Some(at),
            "what is printed is read"
        );
    }
    // A number says the same, whether it stands in quotes or not.
    if let Ok(number) = text.parse::<i64>() {
        assert_eq!(instant(&Number::Integer(number)), read);
        near(instant(&Number::Float(number as f64)), read);
    }
    if let Ok(number) = serde_json::from_str::<Number>(text) {
        match number {
            Number::Text(_) => {}
            number => near(instant(&number), instant_of_text(text.trim())),
        }
    }
    if let Ok(number) = serde_json::from_str::<Text>(text) {
        let _ = instant(&Number::Text(number));
    }
}

/// A float of seconds has not much more than milliseconds, and no more than 53 bits.
fn near(one: Option<Timestamp>, other: Option<Timestamp>) {
    match (one, other) {
        (Some(one), Some(other)) => {
            let apart = one.duration_since(other).abs();
            assert!(apart <= SignedDuration::from_millis(1), "{one} and {other}");
        }
        // At the ends of what there is, the rounding decides.
        (None, Some(at)) | (Some(at), None) => {
            let first = at.duration_since(Timestamp::UNIX_EPOCH);
            let last = Timestamp::MAX.duration_since(at);
            let end = SignedDuration::from_secs(60);
            assert!(first < end || last < end, "{one:?} and {other:?}");
        }
        (None, None) => {}
    }
}
