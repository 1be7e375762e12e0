//! How it went over the last half hour: what pictures are drawn from.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::{extract::State, response::Response};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    AdminState,
    answer::{Refused, found},
};
use crate::arrivals::{Outcome, SLOT, Sample, Slot};

/// Series with one figure for each moment; null where nothing is known.
#[derive(Debug, Serialize)]
struct PaceForm {
    /// The moments, in seconds since 1970, and how far they are apart.
    times: Vec<i64>,
    every: u64,
    /// Deliveries a second, by what became of them.
    outcomes: BTreeMap<Outcome, Vec<f64>>,
    /// Refused requests a second, by reason.
    reasons: BTreeMap<&'static str, Vec<f64>>,
    /// Seconds from what happened to its receipt, by endpoint.
    gaps: BTreeMap<String, GapForm>,
    inbox: InboxForm,
    silences: Vec<SilenceForm>,
}

#[derive(Debug, Default, Serialize)]
struct GapForm {
    p50: Vec<Option<f64>>,
    p99: Vec<Option<f64>>,
}

#[derive(Debug, Serialize)]
struct InboxForm {
    waiting: Vec<Option<u64>>,
    /// Of the oldest, in seconds.
    age: Vec<Option<f64>>,
}

/// An account, the one that is silent for longest against its rhythm first.
#[derive(Debug, Serialize)]
struct SilenceForm {
    endpoint: String,
    /// Its configured name, or a stand-in.
    account: String,
    /// For how many seconds nothing came.
    silent: f64,
    /// For how many nothing comes as a rule.
    usual: Option<f64>,
}

/// Looks every five seconds at how full the inbox is, for as long as it is polled.
pub async fn sample(state: AdminState) {
    let mut every = interval(Duration::from_secs(SLOT));
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        // Not what others were told a moment ago, nor what they will be told.
        let Ok(status) = state.asked(state.desk.status()).await else {
            continue;
        };
        let age = status
            .oldest
            .map(|oldest| state.clock.now().duration_since(oldest).unsigned_abs());
        let sample = Sample {
            waiting: status.unread + status.sinks.iter().map(|sink| sink.waiting).sum::<u64>(),
            age: age.unwrap_or_default(),
        };
        state.arrivals.pace(|pace, now| pace.inbox(now, sample));
    }
}

pub(super) async fn pace(State(state): State<AdminState>) -> Result<Response, Refused> {
    let now = state.clock.now().as_second();
    let mut silences: Vec<SilenceForm> = state
        .metrics
        .silences()
        .into_iter()
        .map(|one| SilenceForm {
            endpoint: one.endpoint,
            account: one.account,
            silent: one.silent.as_secs_f64(),
            usual: one.usual.map(|usual| usual.as_secs_f64()),
        })
        .collect();
    let against = |one: &SilenceForm| one.silent / one.usual.unwrap_or(f64::INFINITY).max(1.0);
    silences.sort_by(|one, other| against(other).total_cmp(&against(one)));
    let form = state.arrivals.pace(|pace, elapsed| {
        let (slots, running) = pace.slots(elapsed);
        let slots: BTreeMap<u64, &Slot> = slots.map(|slot| (slot.number, slot)).collect();
        PaceForm::of(&slots, running, now, silences)
    });
    Ok(found(&form))
}

impl PaceForm {
    fn of(slots: &BTreeMap<u64, &Slot>, running: u64, now: i64, silences: Vec<SilenceForm>) -> Self {
        let every = SLOT;
        // The slot that runs is not whole yet: its rate would always fall.
        let first = slots.keys().next().copied().unwrap_or(running).min(running);
        let numbers: Vec<u64> = (first..running).collect();
        let ago = |number: u64| i64::try_from((running - number) * every).unwrap_or(i64::MAX);
        let each = |figure: &dyn Fn(&Slot) -> u32| -> Vec<f64> {
            let rate = |number| {
                slots
                    .get(number)
                    .map_or(0.0, |slot| f64::from(figure(slot)) / every as f64)
            };
            numbers.iter().map(rate).collect()
        };
        let outcomes: BTreeSet<Outcome> = slots
            .values()
            .flat_map(|slot| slot.outcomes.keys().copied())
            .collect();
        let reasons: BTreeSet<&'static str> = slots
            .values()
            .flat_map(|slot| slot.reasons.keys().copied())
            .collect();
        let endpoints: BTreeSet<&str> = slots
            .values()
            .flat_map(|slot| slot.gaps.keys().map(|name| &**name))
            .collect();
        let gap = |endpoint: &str, percent| {
            let of = |number| slots.get(number)?.gaps.get(endpoint)?.percentile(percent);
            numbers.iter().map(of).collect()
        };
        let inbox = |number: &u64| -> Option<Sample> { slots.get(number)?.inbox };
        Self {
            times: numbers.iter().map(|number| now - ago(*number)).collect(),
            every,
            outcomes: outcomes
                .into_iter()
                .map(|outcome| {
                    (
                        outcome,
                        each(&|slot| slot.outcomes.get(&outcome).copied().unwrap_or(0)),
                    )
                })
                .collect(),
            reasons: reasons
                .into_iter()
                .map(|reason| {
                    (
                        reason,
                        each(&|slot| slot.reasons.get(reason).copied().unwrap_or(0)),
                    )
                })
                .collect(),
            gaps: endpoints
                .into_iter()
                .map(|endpoint| {
                    let form = GapForm {
                        p50: gap(endpoint, 50),
                        p99: gap(endpoint, 99),
                    };
                    (endpoint.to_owned(), form)
                })
                .collect(),
            inbox: InboxForm {
                waiting: numbers
                    .iter()
                    .map(|number| inbox(number).map(|one| one.waiting))
                    .collect(),
                age: numbers
                    .iter()
                    .map(|number| inbox(number).map(|one| one.age.as_secs_f64()))
                    .collect(),
            },
            silences,
        }
    }
}
