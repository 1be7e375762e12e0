//! The contract of inboxes is able to fail: each flawed inbox is caught, and there is no rule that catches nothing.
//!
//! It stands here and not in `tests/`, since a flaw is made by reaching into the state of a sound inbox.

mod desk;
mod flaws;
mod known;
mod verbs;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use wahook_core::{
    Clock,
    guard::StoreErrorKind,
    inbox::{Desk, EntryState},
};

use self::flaws::{CAUGHT, Flaw};
use super::{MemoryInbox, State, records::Reads};
use crate::{
    ManualClock,
    inbox::{
        Harness, Rule, full_rules, i2_to_i6_hold_in_whatever_order_things_happen, outage_rules,
        reopening_rules, rules, run,
    },
};

/// A sound inbox, and what is wrong with it.
#[derive(Debug)]
struct Flawed {
    inbox: Arc<MemoryInbox>,
    flaw: Flaw,
    clock: Arc<ManualClock>,
    /// When it went out of reach.
    away: Mutex<Option<Duration>>,
}

impl Flawed {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn tamper<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.inbox.lock().state)
    }

    fn is_away(&self) -> bool {
        self.away.lock().unwrap().is_some()
    }

    fn go_away(&self) {
        *self.away.lock().unwrap() = Some(self.clock.elapsed());
        self.inbox.begin_outage(StoreErrorKind::Unavailable);
    }

    fn come_back(&self) {
        let since = self.away.lock().unwrap().take().unwrap();
        let gone = self.clock.elapsed() - since;
        self.inbox.end_outage();
        self.tamper(|state| match self.flaw {
            Flaw::ForgetsInOutages => forget_all(state),
            Flaw::WritesBehind => {
                let newest: Vec<_> = state.deliveries.keys().rev().take(20).copied().collect();
                for position in newest {
                    state.deliveries.remove(&position);
                }
            }
            Flaw::StandsStillInOutages => {
                for lease in state.lanes.values_mut().filter_map(|lane| lane.lease.as_mut()) {
                    lease.until += gone;
                }
            }
            _ => {}
        });
    }

    fn reopen(&self) {
        let leases: Vec<_> = self.tamper(|state| {
            let lanes = state.lanes.iter_mut();
            match self.flaw {
                Flaw::KeepsLeasesAtReopening => lanes
                    .filter_map(|(id, lane)| Some((*id, lane.lease.take()?)))
                    .collect(),
                _ => Vec::new(),
            }
        });
        self.inbox.reopen();
        self.tamper(|state| {
            match self.flaw {
                Flaw::ForgetsAtReopening => forget_all(state),
                Flaw::LosesTheNewest => drop(state.deliveries.pop_last()),
                Flaw::ForgetsKeysAtReopening => state.seen.clear(),
                Flaw::ForgetsEventsAtReopening => state.said.clear(),
                Flaw::ForgetsWaitsAtReopening => {
                    state
                        .lanes
                        .values_mut()
                        .for_each(|lane| lane.due = Duration::ZERO);
                }
                Flaw::ForgetsBlocksAtReopening => {
                    state.lanes.values_mut().for_each(|lane| lane.blocked_by = None);
                }
                Flaw::NeverReadsAgain => {
                    let mut first = state.deliveries.values_mut();
                    if let Some(kept) = first.find(|kept| kept.progress == Reads::Unread) {
                        kept.progress = Reads::Unreadable;
                    }
                }
                Flaw::ForgetsReplaysAtReopening => {
                    state
                        .entries
                        .values_mut()
                        .for_each(|entry| entry.replay_of = None);
                    state.deliveries.values_mut().for_each(|kept| kept.again = None);
                }
                Flaw::UncountsAtReopening => {
                    let waiting = state.entries.values_mut();
                    waiting
                        .filter(|entry| entry.state == EntryState::Waiting)
                        .for_each(|entry| entry.attempts = 0);
                }
                _ => {}
            }
            for (id, lease) in leases {
                state.lanes.get_mut(&id).unwrap().lease = Some(lease);
            }
        });
    }
}

fn forget_all(state: &mut State) {
    let room = state.room;
    *state = State::default();
    state.room = room;
}

fn flawed(flaw: Flaw, room: Option<usize>) -> Harness {
    let clock = Arc::new(ManualClock::default());
    let inbox = MemoryInbox::new(clock.clone());
    let inbox = match room {
        Some(room) => inbox.room_for(room),
        None => inbox,
    };
    let inbox = Arc::new(Flawed {
        inbox: Arc::new(inbox),
        flaw,
        clock: clock.clone(),
        away: Mutex::default(),
    });
    let (begun, ended, reopened) = (inbox.clone(), inbox.clone(), inbox.clone());
    let harness = Harness::by_hand(inbox, clock)
        .answers_within(Duration::from_secs(1))
        .with_outage(move || begun.go_away(), move || ended.come_back())
        .reopened(move || {
            reopened.reopen();
            let inbox: Arc<dyn Desk> = reopened.clone();
            async { inbox }
        })
        .frees_at_reopening();
    match room {
        Some(room) => harness.with_room_for(room),
        None => harness,
    }
}

/// All rules, each with how much room its inbox has.
fn all() -> Vec<(Rule, Option<usize>)> {
    let unbounded = [rules(), reopening_rules(), outage_rules()].concat();
    let unbounded = unbounded.into_iter().map(|rule| (rule, None));
    unbounded
        .chain(full_rules().into_iter().map(|rule| (rule, Some(10))))
        .collect()
}

fn is_caught((rule, room): (Rule, Option<usize>), flaw: Flaw) -> bool {
    let run = || run(|| async { flawed(flaw, room) }, rule.check);
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn every_rule_passes_a_sound_inbox() {
    for rule in all() {
        assert!(!is_caught(rule, Flaw::None), "{rule:?}");
    }
}

/// Whether one of some schedules finds a flaw.
fn is_caught_by_schedules(flaw: Flaw) -> bool {
    (0..200).any(|seed| {
        let schedule = |harness| i2_to_i6_hold_in_whatever_order_things_happen(harness, seed);
        let run = || run(|| async { flawed(flaw, None) }, schedule);
        catch_unwind(AssertUnwindSafe(run)).is_err()
    })
}

#[test]
fn schedules_find_what_goes_wrong_in_some_orders_only() {
    assert!(!is_caught_by_schedules(Flaw::None));
    for flaw in [
        Flaw::AlwaysSaysDone,
        Flaw::AnybodyFiles,
        Flaw::ConfirmsNothing,
        Flaw::ConfirmsTheRest,
        Flaw::CountsTheUntouched,
        Flaw::FilesTwice,
        Flaw::ForgetsAttempts,
        Flaw::ForgetsEvents,
        Flaw::ForgetsKeys,
        Flaw::HasOneLane,
        Flaw::HasTheNewestFirst,
        Flaw::IgnoresTokens,
        Flaw::IgnoresWaits,
        Flaw::LeasesNeverEnd,
        Flaw::MovesWhatFails,
        Flaw::ReaderLeasesNeverEnd,
        Flaw::ReadersShare,
        Flaw::ReadsBackwards,
        Flaw::RenewsNothing,
        Flaw::RetriesAtOnce,
        Flaw::SettlesLate,
        Flaw::SharesLanes,
        Flaw::StopsForATakenLane,
        Flaw::StopsForAWaitingLane,
    ] {
        assert!(is_caught_by_schedules(flaw), "{flaw:?}");
    }
}

#[test]
fn every_flaw_is_caught_by_the_rules_that_name_its_promise() {
    let mut missed = Vec::new();
    for (flaw, names) in CAUGHT {
        for name in *names {
            let rule = all().into_iter().find(|(rule, _)| rule.name == *name);
            let rule = rule.unwrap_or_else(|| panic!("no rule is named {name}"));
            // A race is not lost each time.
            if !(0..20).any(|_| is_caught(rule, *flaw)) {
                missed.push((flaw, name));
            }
        }
    }
    assert!(missed.is_empty(), "these pass: {missed:#?}");
}

#[test]
fn every_rule_catches_something() {
    let names: BTreeSet<_> = CAUGHT.iter().flat_map(|(_, names)| *names).copied().collect();
    let rules: BTreeSet<_> = all().into_iter().map(|(rule, _)| rule.name).collect();
    assert_eq!(names, rules);
}
