//! Whether the server's clock jumps forward: it is looked at beside ours, which only ever goes on.
//!
//! It can be told, and no more. The time of the ledger is that of the records alone, so that it is the same everywhere, and
//! between two records of a quiet inbox hours may well have gone by: of a long step nobody can say by the records what it is.

use std::time::Duration;

use tokio::time::Instant;

/// Servers that agree differ by less.
const APART: i128 = 30_000_000_000;

/// How far the server's clock is ahead of the time since we began, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Since when, and how far at most: what comes late makes it seem less, never more.
    ahead: Option<(Instant, i128)>,
}

impl Clock {
    /// A message came now that the server stored at this time; by how much its clock jumped, if it did.
    pub(super) fn hear(&mut self, nanos: i128, now: Instant) -> Option<Duration> {
        let Some((since, before)) = self.ahead else {
            self.ahead = Some((now, nanos));
            return None;
        };
        let elapsed = i128::try_from(now.saturating_duration_since(since).as_nanos()).unwrap_or(i128::MAX);
        let ahead = nanos.saturating_sub(elapsed);
        self.ahead = Some((since, before.max(ahead)));
        let jump = ahead.saturating_sub(before);
        let jump = (jump > APART).then(|| u64::try_from(jump / 1_000_000_000).unwrap_or(u64::MAX));
        jump.map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_once_and_what_comes_late_is_none() {
        const SECOND: i128 = 1_000_000_000;
        let (mut clock, begin) = (Clock::default(), Instant::now());
        let mut hear = |stored, after| clock.hear(SECOND * stored, begin + Duration::from_secs(after));
        assert_eq!(hear(1_000, 0), None);
        // Hours in which nothing came.
        assert_eq!(hear(11_000, 10_000), None);
        // The wire hung for a minute, and then all came at once.
        assert_eq!(hear(11_001, 10_060), None);
        assert_eq!(hear(11_060, 10_060), None);
        assert_eq!(hear(11_180, 10_080), Some(Duration::from_secs(100)));
        assert_eq!(hear(11_181, 10_081), None, "it was told");
    }
}
