//! The comparison at the end.

use std::collections::{BTreeMap, HashSet};

use wahook_core::model::Kind;

use super::{AGAIN, Fate, Ledger, Promise, Sink, Tally, promise::Sets};
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
    /// Something still waited when they were listed: it may become one.
    pub(in crate::cli::demo) dead_too_early: bool,
    /// Events that a sink, by its place, was made to give up on.
    pub(in crate::cli::demo) poison: Vec<(usize, Mark)>,
    /// What was replayed to a sink, by its place.
    pub(in crate::cli::demo) replayed: Vec<(usize, Mark)>,
    /// So many still waited when nobody waited for them any more: what did not come may be among them.
    pub(in crate::cli::demo) waiting: u64,
}

impl Ledger {
    /// Compares everything with everything.
    pub(in crate::cli::demo) fn judge(&mut self, claims: &Claims) -> Tally {
        let mut tally = std::mem::take(&mut self.tally);
        for (when, line) in &self.doubtful {
            if !self.is_near_a_stall(*when) {
                tally.broken(Promise::Answer, || line.clone());
            }
        }
        self.judge_counters(claims, &mut tally);
        for (place, sink) in self.sinks.iter().enumerate() {
            let of = |pairs: &[(usize, Mark)]| -> HashSet<Mark> {
                let here = pairs.iter().filter(|(sink, _)| *sink == place);
                here.map(|(_, mark)| *mark).collect()
            };
            let dead = of(&claims.dead);
            self.judge_arrivals(sink, &mut tally);
            // Nobody can say yet what is lost.
            if claims.waiting == 0 {
                self.judge_acknowledged(sink, &mut tally);
            }
            self.judge_repetitions(sink, &dead, &mut tally);
            self.judge_order(sink, &mut tally);
            let dead_letters = Sets {
                expected: &of(&claims.poison),
                found: &dead,
                is_final: !claims.dead_too_early,
                missing: "was given up on and is no dead letter",
                too_much: "is a dead letter and would have been taken",
            };
            tally.same_sets(Promise::Dead, sink.name, &dead_letters);
            let came = sink.arrivals.iter().filter(|arrived| arrived.replay);
            let replays = Sets {
                expected: &of(&claims.replayed),
                found: &came.map(|arrived| arrived.event).collect(),
                is_final: claims.waiting == 0,
                missing: "was replayed and did not come as a replay",
                too_much: "came as a replay and nobody asked for it",
            };
            tally.same_sets(Promise::Replay, sink.name, &replays);
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
        // What became of these only the gateway knows; that it did not answer as it must is told already.
        let range = |certain: u64| certain..=certain + uncertain;
        tally.within(Promise::Once, "deliveries stored", range(stored), claims.stored);
        tally.within(Promise::Once, "copies noticed", range(copies), claims.copies);
        tally.within(
            Promise::Conflict,
            "conflicts noticed",
            range(self.conflicts),
            claims.conflicts,
        );
        for why in claims.refused.keys() {
            refused.entry(why).or_default();
        }
        for (why, count) in refused {
            let found = claims.refused.get(why).copied().unwrap_or_default();
            tally.within(
                Promise::Reason,
                &format!("refusals for `{why}`"),
                range(count),
                found,
            );
        }
    }

    /// What came was sent.
    fn judge_arrivals(&self, sink: &Sink, tally: &mut Tally) {
        for arrived in &sink.arrivals {
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
    }

    /// What was acknowledged came.
    fn judge_acknowledged(&self, sink: &Sink, tally: &mut Tally) {
        let taken = sink.arrivals.iter().filter(|arrived| arrived.taking.is_taken());
        let taken: HashSet<_> = taken.map(|arrived| arrived.event).collect();
        for (mark, sent) in self.events.iter().filter(|(_, sent)| sent.before.is_some()) {
            let arrived = taken.contains(mark);
            if arrived {
                tally.held(Promise::Arrived);
            } else {
                tally.broken(Promise::Arrived, || {
                    format!(
                        "{}: {} was acknowledged and never came",
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

    pub(super) fn whose(&self, event: Mark) -> String {
        let sent = self.events.get(&event);
        let request = sent.and_then(|sent| self.request(sent.request));
        request.map_or_else(|| "an event".to_owned(), |request| request.to_string())
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
