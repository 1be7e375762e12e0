//! The comparison at the end.

use std::collections::{BTreeMap, HashMap, HashSet};

use wahook_core::model::Kind;

use super::{AGAIN, Fate, Ledger, Promise, Sink, Tally};
use crate::cli::demo::mark::Mark;

/// What the gateway says of itself, and what was done to it.
#[derive(Clone, Debug, Default)]
pub(in crate::cli::demo) struct Claims {
    /// Deliveries that it stored.
    pub(in crate::cli::demo) stored: u64,
    /// Deliveries that it found to be copies.
    pub(in crate::cli::demo) copies: u64,
    /// Deliveries with another body under a known key.
    pub(in crate::cli::demo) conflicts: u64,
    /// Refusals, by reason.
    pub(in crate::cli::demo) refused: BTreeMap<String, u64>,
    /// Dead letters: the sink, by its place, and the event.
    pub(in crate::cli::demo) dead: Vec<(usize, Mark)>,
    /// Events that a sink, by its place, was made to give up on.
    pub(in crate::cli::demo) poison: Vec<(usize, Mark)>,
    /// What was replayed to a sink, by its place.
    pub(in crate::cli::demo) replayed: Vec<(usize, Mark)>,
    /// So many were still waiting when patience ended.
    pub(in crate::cli::demo) waiting: u64,
}

impl Ledger {
    /// Compares everything with everything.
    pub(in crate::cli::demo) fn judge(&mut self, claims: &Claims) -> Tally {
        let mut tally = std::mem::take(&mut self.tally);
        self.judge_counters(claims, &mut tally);
        for (place, sink) in self.sinks.iter().enumerate() {
            let of = |pairs: &[(usize, Mark)]| -> HashSet<Mark> {
                let here = pairs.iter().filter(|(sink, _)| *sink == place);
                here.map(|(_, mark)| *mark).collect()
            };
            let dead = of(&claims.dead);
            self.judge_arrivals(sink, claims.waiting, &mut tally);
            self.judge_repetitions(sink, &dead, &mut tally);
            self.judge_order(sink, &mut tally);
            judge_dead(sink, &of(&claims.poison), &dead, &mut tally);
            judge_replays(sink, &of(&claims.replayed), &mut tally);
        }
        self.judge_refused(&mut tally);
        tally
    }

    /// Its own counters: who reads them must be able to believe them.
    fn judge_counters(&self, claims: &Claims, tally: &mut Tally) {
        let (mut stored, mut copies, mut uncertain) = (0, 0, 0);
        let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
        for request in &self.requests {
            match request.fate {
                Fate::Accepted => stored += 1,
                Fate::Copy => copies += 1,
                Fate::Unanswered | Fate::Refused(AGAIN) => uncertain += 1,
                Fate::Refused(why) => *refused.entry(why).or_default() += 1,
            }
        }
        if uncertain > 0 {
            // What became of them only the gateway knows; that it did not answer as it must is told already.
            return;
        }
        tally.same(Promise::Once, "deliveries stored", stored, claims.stored);
        tally.same(Promise::Once, "copies noticed", copies, claims.copies);
        tally.same(
            Promise::Conflict,
            "conflicts noticed",
            self.conflicts,
            claims.conflicts,
        );
        for (why, count) in &refused {
            let found = claims.refused.get(*why).copied().unwrap_or_default();
            tally.same(Promise::Reason, &format!("refusals for `{why}`"), *count, found);
        }
        for (why, count) in &claims.refused {
            if !refused.contains_key(why.as_str()) {
                tally.same(Promise::Reason, &format!("refusals for `{why}`"), 0, *count);
            }
        }
    }

    /// What came was sent, and what was acknowledged came.
    fn judge_arrivals(&self, sink: &Sink, waiting: u64, tally: &mut Tally) {
        let mut taken = HashSet::new();
        for arrived in &sink.arrivals {
            if arrived.taken {
                taken.insert(arrived.event);
            }
            if !self.events.contains_key(&arrived.event) {
                tally.broken(Promise::Kept, || match self.refused.get(&arrived.event) {
                    Some(id) => {
                        let refused = self.request(*id);
                        let (what, status) = refused.map_or_else(Default::default, |request| {
                            (request.to_string(), request.status.unwrap_or_default())
                        });
                        format!("{}: {what} came although it was answered {status}", sink.name)
                    }
                    None => format!("{}: an event came that nobody sent", sink.name),
                });
            } else if arrived.sound {
                tally.held(Promise::Bytes);
            } else {
                tally.broken(Promise::Bytes, || {
                    format!(
                        "{}: {} came with another content",
                        sink.name,
                        self.whose(arrived.event)
                    )
                });
            }
        }
        if sink.unreadable > 0 {
            tally.broken_times(Promise::Bytes, sink.unreadable, || {
                format!("{}: {} of what came is no event", sink.name, sink.unreadable)
            });
        }
        for (mark, sent) in self.events.iter().filter(|(_, sent)| sent.before.is_some()) {
            let arrived = taken.contains(mark);
            if arrived {
                tally.held(Promise::Arrived);
            } else {
                tally.broken(Promise::Arrived, || {
                    let late = if waiting > 0 {
                        format!(" ({waiting} events still waited when patience ended)")
                    } else {
                        String::new()
                    };
                    format!(
                        "{}: {} was acknowledged and never came{late}",
                        sink.name,
                        self.whose(*mark)
                    )
                });
            }
            if matches!(sent.kind, Kind::Unknown | Kind::Malformed) {
                if arrived {
                    tally.held(Promise::Unknown);
                } else {
                    tally.broken(Promise::Unknown, || {
                        format!("{}: {} is nowhere", sink.name, self.whose(*mark))
                    });
                }
            }
        }
    }

    fn whose(&self, event: Mark) -> String {
        let sent = self.events.get(&event);
        let request = sent.and_then(|sent| self.request(sent.request));
        request.map_or_else(|| "an event".to_owned(), |request| request.to_string())
    }

    /// Once, or with a higher attempt each time. A dead letter that was put back counts anew.
    fn judge_repetitions(&self, sink: &Sink, dead: &HashSet<Mark>, tally: &mut Tally) {
        let mut attempts: HashMap<(Mark, bool), u32> = HashMap::new();
        for (place, arrived) in sink
            .arrivals
            .iter()
            .enumerate()
            .filter(|(_, arrived)| !arrived.replay)
        {
            let anew = place >= sink.retried_from && dead.contains(&arrived.event);
            let last = attempts.entry((arrived.event, anew)).or_default();
            if arrived.attempt > *last {
                tally.held(Promise::Repeated);
                *last = arrived.attempt;
            } else {
                let (attempt, last) = (arrived.attempt, *last);
                tally.broken(Promise::Repeated, || {
                    let whose = self.whose(arrived.event);
                    format!(
                        "{}: {whose} came as attempt {attempt} after attempt {last}",
                        sink.name
                    )
                });
            }
        }
    }

    /// Each refused request is one promise; what of them came anyway is counted with what came.
    fn judge_refused(&self, tally: &mut Tally) {
        let refused = |fate| matches!(fate, Fate::Refused(why) if why != AGAIN);
        let count = self
            .requests
            .iter()
            .filter(|request| refused(request.fate))
            .count();
        let held = u64::try_from(count).unwrap_or(u64::MAX);
        tally.held_times(
            Promise::Kept,
            held.saturating_sub(tally.count(Promise::Kept).broken),
        );
    }
}

fn judge_dead(sink: &Sink, poison: &HashSet<Mark>, dead: &HashSet<Mark>, tally: &mut Tally) {
    let held = poison.intersection(dead).count();
    tally.held_times(Promise::Dead, u64::try_from(held).unwrap_or(u64::MAX));
    for (found, what) in [
        (
            poison.difference(dead).count(),
            "was given up on and is no dead letter",
        ),
        (
            dead.difference(poison).count(),
            "is a dead letter and would have been taken",
        ),
    ] {
        let times = u64::try_from(found).unwrap_or(u64::MAX);
        if times > 0 {
            tally.broken_times(Promise::Dead, times, || format!("{}: an event {what}", sink.name));
        }
    }
}

fn judge_replays(sink: &Sink, replayed: &HashSet<Mark>, tally: &mut Tally) {
    let came: HashSet<Mark> = sink
        .arrivals
        .iter()
        .filter(|arrived| arrived.replay)
        .map(|arrived| arrived.event)
        .collect();
    let held = replayed.intersection(&came).count();
    tally.held_times(Promise::Replay, u64::try_from(held).unwrap_or(u64::MAX));
    for (found, what) in [
        (
            replayed.difference(&came).count(),
            "was replayed and did not come as a replay",
        ),
        (
            came.difference(replayed).count(),
            "came as a replay and nobody asked for it",
        ),
    ] {
        let times = u64::try_from(found).unwrap_or(u64::MAX);
        if times > 0 {
            tally.broken_times(Promise::Replay, times, || {
                format!("{}: an event {what}", sink.name)
            });
        }
    }
}
