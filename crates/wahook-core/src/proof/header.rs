//! What several schemes ask of a head.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header::GetAll};
use jiff::Timestamp;

use super::refusal::{Refusal, RefusalKind};

/// The value of a header that must be there once. Two of them could be read as one by us and as the other by a proxy.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a HeaderValue, Refusal> {
    only(headers.get_all(name), name)
}

/// The same of values that were looked up before.
pub(super) fn only<'a>(
    values: GetAll<'a, HeaderValue>,
    name: &HeaderName,
) -> Result<&'a HeaderValue, Refusal> {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Refusal::new(RefusalKind::HeaderMissing).header(name)),
        (Some(_), Some(_)) => Err(Refusal::new(RefusalKind::HeaderRepeated).header(name)),
    }
}

/// Its text, if it is visible ASCII; a space is not.
pub(super) fn visible(value: &HeaderValue) -> Option<&str> {
    let text = str::from_utf8(value.as_bytes()).ok()?;
    // Looks at every byte, which the compiler does many at a time.
    text.bytes()
        .fold(true, |all, byte| all & byte.is_ascii_graphic())
        .then_some(text)
}

/// Judges an instant in nanoseconds against a window that holds both ways, ends included (V7). The numbers are wide
/// enough for any header.
pub(super) fn check_age(nanoseconds: i128, now: Timestamp, tolerance: Duration) -> Result<(), Refusal> {
    let age = now.as_nanosecond() - nanoseconds;
    let tolerance = i128::try_from(tolerance.as_nanos()).unwrap_or(i128::MAX);
    let kind = if age > tolerance {
        RefusalKind::TimestampTooOld
    } else if age < -tolerance {
        RefusalKind::TimestampTooNew
    } else {
        return Ok(());
    };
    Err(Refusal::new(kind).skew(i64::try_from(age / 1_000_000_000).unwrap_or(i64::MAX)))
}
