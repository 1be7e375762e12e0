//! How long to wait before a call is repeated.

use std::{fmt, time::Duration};

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use wahook_core::BoxFuture;

/// Waits between the attempts of a call; handed in, so that tests need not wait.
pub trait Pauses: fmt::Debug + Send + Sync + 'static {
    /// Lets this time pass.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Which part of a pause to leave out: 0 for nothing, 1 for half of it.
    fn jitter(&self) -> f64;

    /// The wall clock, asked only for a `Retry-After` that is a date in an answer without a date of its own.
    fn now(&self) -> Timestamp;
}

/// Tokio's timer, the machine's clock.
#[derive(Debug)]
pub(super) struct SystemPauses;

impl Pauses for SystemPauses {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The pause before the repeat of this number, the first being 1: between half of it and the whole, so that those who
/// failed together do not come back together.
pub(super) fn backoff(first: Duration, repeat: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(repeat.saturating_sub(1)).unwrap_or(u32::MAX));
    let part = if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    };
    doubled.min(LONGEST).mul_f64(1.0 - part / 2.0)
}

const LONGEST: Duration = Duration::from_secs(30);

/// Seconds, or a date; of a date only how far it is from the provider's own, if it told that.
pub(super) fn retry_after(headers: &HeaderMap, now: impl FnOnce() -> Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(whole) && is_number(&text.replacen('.', "", 1)) {
        // More digits than that are for ever; the caller has a bound. A part of a second is a whole one.
        let seconds: u64 = whole.parse().unwrap_or(u64::MAX);
        let more = u64::from(whole.len() < text.len());
        return Some(Duration::from_secs(seconds.saturating_add(more)));
    }
    let date = |name: HeaderName| {
        let text = headers.get(name)?.to_str().ok()?;
        let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
        parser.parse_timestamp(text.trim()).ok()
    };
    let wait = date(RETRY_AFTER)?.duration_since(date(DATE).unwrap_or_else(now));
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn after(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        retry_after(&headers, || "1994-11-06T08:49:37Z".parse().unwrap())
    }

    #[test]
    fn what_the_provider_asks_for_is_read_as_seconds_or_as_a_date() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(after(&[("retry-after", "7")]), seconds(7));
        assert_eq!(after(&[("retry-after", " 0 ")]), seconds(0));
        assert_eq!(after(&[("retry-after", "1.5")]), seconds(2));
        assert_eq!(
            after(&[("retry-after", "99999999999999999999999")]),
            seconds(u64::MAX)
        );
        assert_eq!(
            after(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]),
            seconds(60)
        );
        assert_eq!(
            after(&[("retry-after", "Sun, 06 Nov 1994 08:48:37 GMT")]),
            seconds(0)
        );
        // By the provider's own clock.
        assert_eq!(
            after(&[
                ("date", "Sat, 21 Nov 2026 16:00:00 GMT"),
                ("retry-after", "Sat, 21 Nov 2026 16:00:05 GMT")
            ]),
            seconds(5)
        );
        for nonsense in ["", "-1", ".5", "1.", "1.2.3", "1..2", "soon", "Sun, 06 Nov"] {
            let expected = (nonsense == "1.").then_some(Duration::from_secs(2));
            assert_eq!(after(&[("retry-after", nonsense)]), expected, "{nonsense:?}");
        }
    }

    #[test]
    fn pauses_grow_differ_and_end() {
        let first = Duration::from_millis(500);
        assert_eq!(backoff(first, 1, 0.0), first);
        assert_eq!(backoff(first, 1, 1.0), first / 2);
        assert_eq!(backoff(first, 3, 0.0), first * 4);
        assert_eq!(backoff(first, 99, 0.0), LONGEST);
        assert_eq!(backoff(Duration::MAX, u32::MAX, f64::NAN), LONGEST);
    }
}
