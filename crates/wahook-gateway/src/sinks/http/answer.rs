//! What an answer means.
//!
//! | answer | means |
//! |---|---|
//! | 2xx | done |
//! | 3xx | failed: a redirect turns a POST into a GET, or leads elsewhere than the operator said |
//! | 401, 407 | unavailable: it is about us, whatever the event |
//! | 408, 425, 429, 5xx but 500 | unavailable, for as long as `Retry-After` says |
//! | 410 | refused |
//! | 500, other 4xx | failed: it is about this event |
//!
//! A handler that breaks over one event answers 500. Taken for an outage it would hold up all others.

use std::time::Duration;

use http::{
    HeaderMap, StatusCode,
    header::{DATE, HeaderName, RETRY_AFTER},
};
use jiff::{Timestamp, fmt::rfc2822};
use wahook_core::sink::{SinkError, SinkErrorKind};

/// Judges an answer by its head; its body is never quoted, since it may quote the event.
pub(super) fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
    most: Duration,
) -> Result<(), SinkError> {
    let unavailable = || SinkErrorKind::Unavailable {
        after: retry_after(headers, now).map(|after| after.min(most)),
    };
    let (kind, advice) = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => (
            SinkErrorKind::Failed,
            ": redirects are not followed; configure the URL that it leads to",
        ),
        401 => (
            unavailable(),
            ": it does not accept the credentials or the signature",
        ),
        407 => (unavailable(), ": the proxy wants a login"),
        408 | 425 | 429 | 501..=599 => (unavailable(), ""),
        410 => (
            SinkErrorKind::Refused,
            ": it is gone for good; remove the sink or correct its URL, and retry",
        ),
        404 => (SinkErrorKind::Failed, ": nothing is there; check the URL"),
        405 => (SinkErrorKind::Failed, ": it takes no POST; check the URL"),
        413 => (SinkErrorKind::Failed, ": the event is too large for it"),
        _ => (SinkErrorKind::Failed, ""),
    };
    Err(SinkError::new(
        kind,
        format!("the receiver answered {}{advice}", status.as_u16()),
    ))
}

/// Seconds, or a date; of a date only how far it is from the receiver's own, if it told that.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than that are for ever; the caller has a bound.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = |name: HeaderName| {
        let text = headers.get(name)?.to_str().ok()?;
        let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
        parser.parse_timestamp(text.trim()).ok()
    };
    let wait = date(RETRY_AFTER)?.duration_since(date(DATE).unwrap_or(now));
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn kind(status: u16, headers: &[(&'static str, &'static str)]) -> Option<SinkErrorKind> {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let judged = judge(StatusCode::from_u16(status).unwrap(), &headers, now, HOUR);
        judged.err().map(|error| error.kind())
    }

    #[test]
    fn i3_each_status_says_whose_fault_it_is() {
        let away = Some(SinkErrorKind::Unavailable { after: None });
        for (status, expected) in [
            (200, None),
            (201, None),
            (204, None),
            (299, None),
            (300, Some(SinkErrorKind::Failed)),
            (304, Some(SinkErrorKind::Failed)),
            (308, Some(SinkErrorKind::Failed)),
            (400, Some(SinkErrorKind::Failed)),
            (401, away),
            (403, Some(SinkErrorKind::Failed)),
            (404, Some(SinkErrorKind::Failed)),
            (408, away),
            (410, Some(SinkErrorKind::Refused)),
            (413, Some(SinkErrorKind::Failed)),
            (415, Some(SinkErrorKind::Failed)),
            (422, Some(SinkErrorKind::Failed)),
            (425, away),
            (429, away),
            (500, Some(SinkErrorKind::Failed)),
            (502, away),
            (503, away),
            (504, away),
            (599, away),
            (999, Some(SinkErrorKind::Failed)),
        ] {
            assert_eq!(kind(status, &[]), expected, "{status}");
        }
    }

    #[test]
    fn i3_what_the_receiver_asks_for_is_believed_within_bounds() {
        fn after(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
            match kind(503, headers) {
                Some(SinkErrorKind::Unavailable { after }) => after,
                other => panic!("{other:?}"),
            }
        }
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(after(&[("retry-after", "7")]), seconds(7));
        assert_eq!(after(&[("retry-after", " 0 ")]), seconds(0));
        assert_eq!(after(&[("retry-after", "99999999999999999999999")]), Some(HOUR));
        assert_eq!(
            after(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]),
            seconds(60)
        );
        assert_eq!(
            after(&[("retry-after", "Sun, 06 Nov 1994 08:48:37 GMT")]),
            seconds(0)
        );
        assert_eq!(
            after(&[("retry-after", "Sun, 06 Nov 2094 08:49:37 GMT")]),
            Some(HOUR)
        );
        // By the receiver's own clock.
        assert_eq!(
            after(&[
                ("date", "Sat, 21 Nov 2026 16:00:00 GMT"),
                ("retry-after", "Sat, 21 Nov 2026 16:00:05 GMT")
            ]),
            seconds(5)
        );
        for nonsense in ["", "-1", "1.5", "soon", "\t", "Sun, 06 Nov"] {
            assert_eq!(after(&[("retry-after", nonsense)]), None, "{nonsense:?}");
        }
    }
}
