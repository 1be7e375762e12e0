//! When to try again, and when to give up.

use std::time::Duration;

use wahook_core::inbox::Then;

use crate::{Reason, random::jittered};

/// When to try again, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by those who route")]
pub struct Retries {
    /// The delay after the first attempt; it doubles each time, and up to half of it is left to chance.
    pub first: Duration,
    /// The longest delay. What a sink asks for is honoured up to this.
    pub most: Duration,
    /// So many times it may fail, then the event is poison. What a sink refused is poison at once; attempts while the sink
    /// was away, or whose end nobody saw, are no failures.
    pub attempts: u32,
    /// As long as an event is younger, the sink's being away does not make it poison, however often it was tried.
    pub give_up_after: Duration,
    /// What becomes of poison.
    pub on_poison: OnPoison,
}

/// What becomes of an event that a sink will not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnPoison {
    /// A dead letter, out of the order; its lane goes on.
    #[default]
    Park,
    /// A dead letter, and its lane stands still until somebody retries or drops it: strict order.
    Block,
}

impl Default for Retries {
    /// 16 attempts within about an hour, three days for a sink that is away.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(600),
            attempts: 16,
            give_up_after: Duration::from_secs(3 * 86_400),
            on_poison: OnPoison::default(),
        }
    }
}

impl Retries {
    /// What to do after an event went wrong, which was put in its lane `age` ago. `times` is how often it failed; of a
    /// sink that is away, how often it was tried, and `pause` is the delay then.
    pub(crate) fn then(&self, reason: Reason, times: u32, age: Duration, pause: Option<Duration>) -> Then {
        let tired = times >= self.attempts;
        let poison = match reason {
            Reason::Refused => true,
            // Nobody's fault.
            Reason::Stopped => false,
            // Whoever says nothing may be away as well.
            Reason::Unavailable | Reason::Deadline | Reason::NotYet => tired && age >= self.give_up_after,
            Reason::Failed | Reason::Panicked | Reason::Unreadable => tired,
        };
        match (poison, self.on_poison) {
            (false, _) => Then::Retry {
                after: pause.unwrap_or_else(|| self.delay(times)),
            },
            (true, OnPoison::Park) => Then::Park,
            (true, OnPoison::Block) => Then::Block,
        }
    }

    /// The delay after this attempt, from 1.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        jittered(self.longest_delay(attempt))
    }

    /// The delay that a sink asked for, within bounds.
    pub(crate) fn asked(&self, after: Duration) -> Duration {
        after.min(self.most).max(self.first.min(self.most))
    }

    fn longest_delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: Retries = Retries {
        first: Duration::from_secs(1),
        most: Duration::from_secs(60),
        attempts: 3,
        give_up_after: Duration::from_secs(3600),
        on_poison: OnPoison::Park,
    };
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn i3_delays_double_up_to_the_longest_and_half_is_left_to_chance() {
        for (attempt, seconds) in [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let longest = Duration::from_secs(seconds);
            for _ in 0..50 {
                let delay = RETRIES.delay(attempt);
                assert!(delay >= longest / 2 && delay <= longest, "{attempt}: {delay:?}");
            }
        }
        assert_ne!(
            (0..8).map(|_| RETRIES.delay(7)).collect::<Vec<_>>(),
            vec![RETRIES.delay(7); 8]
        );
    }

    #[test]
    fn i3_what_is_refused_is_poison_at_once_and_what_fails_after_the_last_attempt() {
        let then = |reason, attempt| RETRIES.then(reason, attempt, HOUR * 2, None);
        assert_eq!(then(Reason::Refused, 1), Then::Park);
        assert!(matches!(then(Reason::Failed, 2), Then::Retry { .. }));
        assert_eq!(then(Reason::Failed, 3), Then::Park);
        let strict = Retries {
            on_poison: OnPoison::Block,
            ..RETRIES
        };
        assert_eq!(strict.then(Reason::Failed, 3, HOUR, None), Then::Block);
    }

    #[test]
    fn i3_an_outage_makes_poison_only_of_what_is_old_and_was_tried_often() {
        for reason in [Reason::Unavailable, Reason::Deadline, Reason::NotYet] {
            let young = RETRIES.then(reason, 1000, HOUR - Duration::from_secs(1), None);
            assert!(matches!(young, Then::Retry { .. }));
            assert!(matches!(
                RETRIES.then(reason, 2, HOUR * 99, None),
                Then::Retry { .. }
            ));
            assert_eq!(RETRIES.then(reason, 3, HOUR, None), Then::Park);
        }
    }

    #[test]
    fn i3_what_a_sink_asks_for_is_honoured_within_bounds() {
        for (asked, seconds) in [(0, 1), (7, 7), (86_400, 60)] {
            assert_eq!(
                RETRIES.asked(Duration::from_secs(asked)),
                Duration::from_secs(seconds)
            );
        }
    }
}
