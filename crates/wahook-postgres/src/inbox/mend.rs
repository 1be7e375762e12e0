//! A server's clock that goes back: due times that it gave are then in a future that may be hours away.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio::time::Instant;

use crate::{fault::Fault, say::Sql};

/// Puts right what the server's clock gave out before it went back. To do it twice does no harm, nor does another
/// process that does it too.
#[derive(Debug)]
pub(super) struct Mend {
    lanes: Sql,
    part: Sql,
}

/// Each lane says when its due time was counted from. Where that is still to come the clock went back since: what waits
/// is due, which may be early and is never late; who is at work has as long as it was given, from now on.
const LANES: &str = "
WITH late AS MATERIALIZED (
    SELECT id FROM {t}_lane
    WHERE due_at > clock_timestamp() AND coalesce(taken_at, due_at) > clock_timestamp()
    ORDER BY sink, name FOR UPDATE
)
UPDATE {t}_lane l SET
    due_at = CASE WHEN token IS NULL THEN clock_timestamp()
                  ELSE clock_timestamp() + greatest(due_at - taken_at, interval '0') END,
    taken_at = clock_timestamp()
FROM late WHERE l.id = late.id";

/// Nobody takes the part of the reader for so long. Who has it and is there may go on, unless another is faster.
const PART: &str = "
UPDATE {t} SET reads_until = clock_timestamp() WHERE reads_until > clock_timestamp() + interval '1 minute'";

impl Mend {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        let sql = |text| Sql::new(schema, prepares, text, &[]);
        Self {
            lanes: sql(LANES),
            part: sql(PART),
        }
    }

    pub(super) async fn mend(&self, connection: &Object) -> Result<(), Fault> {
        self.part.say(connection, &[]).await?;
        self.lanes.say(connection, &[]).await?;
        Ok(())
    }
}

/// Notices that the server's clock went back: it said less than has passed here since it was read last.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What it said, in microseconds since 1970, and when that was heard at the latest.
    last: Option<(i64, Instant)>,
}

/// Clocks do not run alike to the millisecond, and a lane that is late by this much stands in nobody's way.
const TOLERANCE: Duration = Duration::from_secs(1);

impl Watch {
    /// By how much it went back; it said `server` after it was asked.
    pub(super) fn went_back(&self, server: i64, asked: Instant) -> Option<Duration> {
        let (before, heard) = self.last?;
        let passed = asked.saturating_duration_since(heard).as_micros();
        let expected = i128::from(before).saturating_add_unsigned(passed);
        let short = (expected - i128::from(server)).max(0);
        let short = Duration::from_micros(u64::try_from(short).unwrap_or(u64::MAX));
        (short > TOLERANCE).then_some(short)
    }

    pub(super) const fn note(&mut self, server: i64, answered: Instant) {
        self.last = Some((server, answered));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn i3_a_clock_that_went_back_is_noticed_and_one_that_goes_on_is_not() {
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        let mut watch = Watch::default();
        assert_eq!(watch.went_back(0, start), None, "nothing is known yet");
        watch.note(100 * SECOND, start);
        for server in [110, 109, 111, 100_000] {
            assert_eq!(watch.went_back(server * SECOND, later), None, "{server}");
        }
        // Also if it says more than before: so much has not passed.
        assert_eq!(watch.went_back(105 * SECOND, later), Some(Duration::from_secs(5)));
        assert!(watch.went_back(i64::MIN, later).is_some());
        watch.note(i64::MAX, start);
        assert!(
            watch
                .went_back(i64::MIN, later)
                .is_some_and(|by| by > Duration::ZERO)
        );
    }
}
