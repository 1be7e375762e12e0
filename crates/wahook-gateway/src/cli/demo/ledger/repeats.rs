//! Whether what came again had to come again.
//!
//! At least once is the promise, and no excuse for twice: an attempt above the first needs a cause that the sink knows.
//! The one before it was not taken, or the answer to it came when nobody listened any more. A file takes everything, so
//! there each event comes once.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{Arrived, Ledger, Promise, Sink, Taking, Tally};
use crate::cli::demo::mark::Mark;

/// What is counted by itself of an event: attempts begin at 1 in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Turn {
    First,
    /// A dead letter that was put back.
    Anew,
    Replay,
}

impl Turn {
    fn of(place: usize, arrived: &Arrived, sink: &Sink, dead: &HashSet<Mark>) -> Self {
        if arrived.replay {
            Self::Replay
        } else if place >= sink.retried_from && dead.contains(&arrived.event) {
            Self::Anew
        } else {
            Self::First
        }
    }
}

impl Ledger {
    /// Each attempt once, in whichever order they were written down, and none without a cause.
    pub(super) fn judge_repetitions(&self, sink: &Sink, dead: &HashSet<Mark>, tally: &mut Tally) {
        // Whether an attempt calls for the next.
        let mut attempts: HashMap<(Mark, Turn, u32), bool> = HashMap::new();
        let mut once = Vec::new();
        for (place, arrived) in sink.arrivals.iter().enumerate() {
            let turn = Turn::of(place, arrived, sink, dead);
            let calls = arrived.taking != Taking::Taken;
            match attempts.entry((arrived.event, turn, arrived.attempt)) {
                Entry::Vacant(free) => {
                    free.insert(calls);
                    once.push((arrived, turn));
                }
                Entry::Occupied(mut taken) => {
                    *taken.get_mut() |= calls;
                    tally.broken(Promise::Repeated, || {
                        let (whose, attempt) = (self.whose(arrived.event), arrived.attempt);
                        format!("{}: {whose} came twice as attempt {attempt}", sink.name)
                    });
                }
            }
        }
        for (arrived, turn) in once {
            let before = (arrived.event, turn, arrived.attempt.wrapping_sub(1));
            if arrived.attempt == 1 || attempts.get(&before) == Some(&true) {
                tally.held(Promise::Repeated);
            } else if !arrived.when.is_some_and(|when| self.is_near_a_stall(when)) {
                tally.broken(Promise::Repeated, || {
                    let (whose, attempt) = (self.whose(arrived.event), arrived.attempt);
                    format!("{}: {whose} came as attempt {attempt} without a cause", sink.name)
                });
            }
        }
    }
}
