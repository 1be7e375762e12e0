//! I3 as a whole: many events, many lanes, many workers, and whatever goes wrong.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use wahook_core::{
    guard::Settled,
    inbox::{Then, Want},
};

use super::{Harness, Hold, LONG, POLLS, SHORT, all_dead, at_once, said};

const LANES: usize = 50;
const EVENTS: usize = 1_000;

/// What arrived in each lane, in order: the event and its attempt.
type Arrived = Arc<Mutex<BTreeMap<i64, Vec<String>>>>;

/// How many attempts of an event began whose end nobody saw.
type Unseen = Arc<Mutex<BTreeMap<String, u32>>>;

/// **I3**: whatever fails on the way, each event is confirmed once, in the order of its lane.
pub async fn i3_a_thousand_events_arrive_once_each_and_in_order(harness: Harness) {
    file_a_thousand(&harness).await;
    let arrived = Arrived::default();
    let unseen = Unseen::default();
    let workers = at_once(6, |worker| {
        let (harness, arrived, unseen) = (harness.clone(), arrived.clone(), unseen.clone());
        async move {
            let mut chance = Chance(worker as u64 + 1);
            let mut idle = 0;
            while idle < POLLS && count(&arrived) < EVENTS {
                let lease = if chance.one_in(8) { SHORT } else { LONG };
                let held = harness
                    .hold_for(
                        "till",
                        Want {
                            lanes: 4,
                            events: 5,
                            bytes: 1 << 20,
                        },
                        lease,
                    )
                    .await;
                if held.is_empty() {
                    idle += 1;
                    harness.pass(SHORT / 5).await;
                    continue;
                }
                idle = 0;
                for hold in held {
                    // Some die, those with short leases at least: their lanes come back.
                    if lease == SHORT && chance.one_in(2) {
                        let mut unseen = unseen.lock().unwrap();
                        for key in hold.keys() {
                            *unseen.entry(key).or_default() += 1;
                        }
                        continue;
                    }
                    if lease == LONG {
                        counts_what_nobody_saw(&hold, &unseen);
                    }
                    hand_over(&harness, &hold, &mut chance, &arrived).await;
                }
            }
        }
    });
    workers.await;
    let arrived = arrived.lock().unwrap().clone();
    assert_eq!(arrived.len(), LANES);
    for keys in arrived.values() {
        assert_eq!(keys.len(), EVENTS / LANES, "each once: {keys:?}");
        assert!(keys.is_sorted_by(|a, b| a < b), "in order: {keys:?}");
    }
    let status = harness.status().await;
    assert_eq!(
        (status.sinks[0].waiting, status.sinks[0].lanes, status.oldest),
        (0, 0, None)
    );
    assert!(harness.dead(&all_dead()).await.is_empty());
}

/// Hands over as a worker does, with whatever may happen.
async fn hand_over(harness: &Harness, hold: &Hold, chance: &mut Chance, arrived: &Arrived) {
    let count = hold.lane.entries.len();
    let done = if chance.one_in(3) {
        chance.below(count)
    } else {
        count
    };
    let settlement = match done {
        done if done == count => hold.done(),
        done if chance.one_in(2) => {
            let after = if chance.one_in(2) {
                SHORT / 10
            } else {
                Duration::ZERO
            };
            hold.failing(done, Then::Retry { after })
        }
        done => hold.done_to(done),
    };
    // Before its answer: afterwards another may be quicker.
    let keys = hold.keys().into_iter().take(done);
    let place = {
        let mut arrived = arrived.lock().unwrap();
        let lane = arrived.entry(hold.lane.id.0).or_default();
        lane.extend(keys);
        lane.len()
    };
    if harness.settle(hold.token, settlement).await == Settled::Lost {
        // Nobody had the lane before the lease was over; nobody has to know that it was handed over.
        let mut arrived = arrived.lock().unwrap();
        let lane = arrived.entry(hold.lane.id.0).or_default();
        lane.drain(place - done..place);
    }
}

/// An attempt whose end nobody saw counts as well.
fn counts_what_nobody_saw(hold: &Hold, unseen: &Unseen) {
    let unseen = unseen.lock().unwrap();
    for entry in &hold.lane.entries {
        let before = unseen.get(&entry.key).copied().unwrap_or(0);
        assert!(
            entry.attempt > before,
            "{}: {} after {before}",
            entry.key,
            entry.attempt
        );
    }
}

fn count(arrived: &Arrived) -> usize {
    arrived.lock().unwrap().values().map(Vec::len).sum()
}

async fn file_a_thousand(harness: &Harness) {
    const EACH: usize = EVENTS / 8;
    let posts = at_once(8, |task| {
        let harness = harness.clone();
        async move {
            for number in 0..EACH {
                harness.post(&[&format!("{}", task * EACH + number)]).await;
            }
        }
    });
    posts.await;
    // In the order of acceptance, whatever that is.
    let number = AtomicUsize::new(0);
    let filed = harness.read(|_| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        vec![said(&format!("{number:04}")).in_lane(&format!("lane {}", number % LANES))]
    });
    assert_eq!(filed.await.fresh, EVENTS);
}

/// The same each time: SplitMix64.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most.max(1) as u64) as usize
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}
