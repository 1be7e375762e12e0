//! Instants in the many forms that providers write them (N7).

use jiff::Timestamp;

use crate::json::Number;

/// Reads seconds, milliseconds or microseconds since 1970, told apart by magnitude, as number or text, or ISO 8601 text.
///
/// A value of more than 10^11 is milliseconds, of more than 10^14 microseconds: as seconds these would lie after the
/// year 5138. Zero and below is no time: senders write it for "unknown" (WAHA messages, 2026-07).
#[must_use]
pub fn instant(number: &Number) -> Option<Timestamp> {
    match number {
        Number::Integer(number) => from_number(i128::from(*number) * NANOS_PER_SECOND),
        Number::Float(number) => from_float(*number),
        Number::Text(text) => instant_of_text(text),
    }
}

/// As [`instant`], from a text.
#[must_use]
pub fn instant_of_text(text: &str) -> Option<Timestamp> {
    // The usual form first: a date, and no number that would have to be tried.
    if let [year @ .., b'-', _, _, b'-', _, _] = text.as_bytes().get(..10).unwrap_or_default()
        && year.iter().all(u8::is_ascii_digit)
    {
        return text.trim_end().parse().ok();
    }
    let text = text.trim();
    // A dash after nothing but digits: a date, and no number that would have to be tried first.
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if rest.starts_with('-') && rest.len() < text.len() {
        return text.parse().ok();
    }
    if let Ok(number) = text.parse::<i64>() {
        return from_number(i128::from(number) * NANOS_PER_SECOND);
    }
    if let Ok(number) = text.parse::<f64>() {
        return from_float(number);
    }
    text.parse().ok()
}

fn from_float(number: f64) -> Option<Timestamp> {
    if !number.is_finite() || number.abs() > 1e17 {
        return None;
    }
    // Millisecond precision is all that senders mean: a float of seconds has not much more.
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let thousandths = (number * 1000.0).round() as i128;
    from_number(thousandths * (NANOS_PER_SECOND / 1000))
}

/// `value` is the number as sent, times 10^9.
fn from_number(value: i128) -> Option<Timestamp> {
    let number = value / NANOS_PER_SECOND;
    let nanoseconds = match number {
        _ if value <= 0 => return None,
        ..=100_000_000_000 => value,
        100_000_000_001..=100_000_000_000_000 => value / 1_000,
        _ => value / 1_000_000,
    };
    Timestamp::from_nanosecond(nanoseconds).ok()
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n7_magnitude_and_type_tell_the_unit() {
        for (number, expected) in [
            (Number::Integer(1_767_225_600), "2026-01-01T00:00:00Z"),
            (Number::Integer(1_767_225_600_123), "2026-01-01T00:00:00.123Z"),
            (
                Number::Integer(1_767_225_600_123_456),
                "2026-01-01T00:00:00.123456Z",
            ),
            (Number::Float(1_710_481_111.853), "2024-03-15T05:38:31.853Z"),
            (Number::Text("1767225600".into()), "2026-01-01T00:00:00Z"),
            (Number::Text("1767225600123".into()), "2026-01-01T00:00:00.123Z"),
            (
                Number::Text("1767225600123e-3".into()),
                "2026-01-01T00:00:00.123Z",
            ),
            (
                Number::Text("2026-01-01T02:00:00+02:00".into()),
                "2026-01-01T00:00:00Z",
            ),
        ] {
            assert_eq!(instant(&number).unwrap().to_string(), expected, "{number:?}");
        }
        for number in [
            Number::Integer(0),
            Number::Integer(-5),
            Number::Integer(i64::MIN),
            Number::Integer(i64::MAX),
            Number::Float(f64::NAN),
            Number::Float(f64::MAX),
            Number::Text("soon".into()),
            Number::Text("-5".into()),
            Number::Text("5-".into()),
            Number::Text("".into()),
        ] {
            assert_eq!(instant(&number), None, "{number:?}");
        }
    }
}
