//! Instants in the many forms that providers write them (N7).

use jiff::{Timestamp, civil::DateTime, tz::Offset};

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
    if let Some(at) = instant_of_utc(text) {
        return Some(at);
    }
    // A date, and no number that would have to be tried.
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

/// `2026-01-01T00:00:00Z`, with or without a fraction: what nearly every sender writes. It needs no general parser, which
/// takes as long as the rest of a short body. What is not exactly of this form is left to that parser.
fn instant_of_utc(text: &str) -> Option<Timestamp> {
    let (at, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let nanosecond = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let missing = (digits.len()..9).fold(1, |factor, _| factor * 10);
            number::<i32>(digits)? * missing
        }
        _ => return None,
    };
    if [at[4], at[7], at[10], at[13], at[16]] != *b"--T::" {
        return None;
    }
    let (year, month, day) = (number(&at[..4])?, number(&at[5..7])?, number(&at[8..10])?);
    let (hour, minute, second) = (number(&at[11..13])?, number(&at[14..16])?, number(&at[17..])?);
    let at = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    Offset::UTC.to_timestamp(at).ok()
}

/// Of at most nine digits.
fn number<N: TryFrom<i32>>(digits: &[u8]) -> Option<N> {
    let number = digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i32::from(digit - b'0'))
    })?;
    N::try_from(number).ok()
}

fn from_float(number: f64) -> Option<Timestamp> {
    // More than all microseconds that there are.
    if !number.is_finite() || number.abs() > 1e18 {
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

    /// Found by fuzzing: the float was no time.
    #[test]
    fn n7_a_number_and_its_float_are_one_time() {
        let (number, float) = (122_191_122_311_114_944, 122_191_122_311_114_944.0);
        let at = instant(&Number::Integer(number)).unwrap();
        let as_float = instant(&Number::Float(float)).unwrap();
        assert!(at.duration_since(as_float).abs() <= jiff::SignedDuration::from_millis(1));
    }

    proptest::proptest! {
        #[test]
        fn n7_the_short_way_says_what_the_general_parser_says(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?Z?",
            (at, byte) in (0_usize..32, "[ -~]"),
        ) {
            let mut other = text.clone();
            if at < other.len() {
                other.replace_range(at..=at, &byte);
            }
            for text in [text, other] {
                if let Some(short) = instant_of_utc(&text) {
                    proptest::prop_assert_eq!(Some(short), text.parse().ok());
                }
            }
        }

        #[test]
        fn n7_the_short_way_knows_every_instant(
            second in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            nanosecond in 0..1_000_000_000,
        ) {
            let at = Timestamp::new(second, nanosecond).unwrap_or(Timestamp::MAX);
            // A year before 0 has a sign, and is the general parser's.
            let expected = at.to_string().starts_with(|letter: char| letter.is_ascii_digit()).then_some(at);
            proptest::prop_assert_eq!(instant_of_utc(&at.to_string()), expected);
        }
    }
}
