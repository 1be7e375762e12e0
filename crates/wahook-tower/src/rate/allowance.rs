//! How much may come now. (`governor` does the same with a clock of its own and eight more crates; what is needed of it is
//! one number and one comparison.)

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use wahook_core::Clock;

/// So many deliveries a second, and so many at once after a pause. Its clones count together.
///
/// ```
/// # use std::{num::NonZeroU32, sync::Arc};
/// use wahook_tower::{Rate, RateLayer, SystemClock};
///
/// let [per_second, burst] = [50, 200].map(|number| NonZeroU32::new(number).unwrap());
/// let rate = Rate::of(per_second, burst, Arc::new(SystemClock::new()));
/// let layer = RateLayer::new("shop", rate);
/// ```
#[derive(Clone, Debug)]
pub struct Rate(Arc<Allowance>);

/// The leaky bucket as a meter, kept as the one moment at which it is empty (GCRA).
#[derive(Debug)]
struct Allowance {
    clock: Arc<dyn Clock>,
    /// What one delivery takes.
    interval: Duration,
    /// How far ahead of now the moment may lie when one more is let through.
    slack: Duration,
    empty_at: Mutex<Duration>,
}

impl Rate {
    /// The whole burst may come at once to begin with.
    #[must_use]
    pub fn of(per_second: NonZeroU32, burst: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        Self(Arc::new(Allowance {
            clock,
            interval,
            slack: interval.saturating_mul(burst.get() - 1),
            empty_at: Mutex::default(),
        }))
    }

    /// One more, or how long until one more may come.
    pub(super) fn take(&self) -> Result<(), Duration> {
        let Allowance {
            clock,
            interval,
            slack,
            empty_at,
        } = &*self.0;
        let mut empty_at = empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock.elapsed();
        let ahead = empty_at.saturating_sub(now);
        if ahead > *slack {
            return Err(ahead - *slack);
        }
        *empty_at = now.max(*empty_at).saturating_add(*interval);
        Ok(())
    }
}
