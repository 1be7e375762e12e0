//! I2 to I6 in whatever order things happen: senders, readers and takers one verb at a time, by chance, some of whom die,
//! beside a model that says what each verb must answer.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use wahook_core::{
    guard::{Settled, Token},
    inbox::{Then, Unread, Want},
};

use super::{ALL, DUPLICATE, Harness, Hold, SHORT, STORED, crowds::Chance, reading, said, token};

const STEPS: usize = 80;
const LANES: usize = 2;
const SINK: &str = "till";
/// Time passes in steps that no lease is a multiple of: what happens at the very end of one is not at stake here.
const STEP: Duration = Duration::from_millis(7);

/// What there must be in the inbox.
#[derive(Default)]
struct Model {
    now: Duration,
    accepted: BTreeSet<usize>,
    /// Deliveries that nobody read, in the order of acceptance.
    unread: VecDeque<usize>,
    /// Who reads, until when, and whether it has filed since it asked: then the part may be free before that.
    reader: Option<(Token, Duration, bool)>,
    /// Events that were said.
    known: BTreeSet<String>,
    lanes: [Queue; LANES],
    delivered: [Vec<String>; LANES],
    dead: usize,
    /// In the order of filing, without the dead.
    expected: [Vec<String>; LANES],
}

/// The events of a lane, with their attempts, and who has it.
#[derive(Default)]
struct Queue {
    entries: VecDeque<(String, u32)>,
    holder: Option<(Token, Duration)>,
    due: Duration,
}

impl Queue {
    fn is_held(&self, now: Duration) -> bool {
        self.holder.is_some_and(|(_, until)| until > now)
    }

    fn is_due(&self, now: Duration) -> bool {
        !self.entries.is_empty() && !self.is_held(now) && self.due <= now
    }
}

/// What a delivery says: an event of its own, and one that another says as well.
fn events_of(delivery: usize) -> [(String, usize); 2] {
    let lane = delivery % LANES;
    let shared = delivery / 4 * LANES + lane;
    [
        (format!("own{delivery}"), lane),
        (format!("shared{shared}"), lane),
    ]
}

fn number_of(unread: &Unread) -> usize {
    let body = &unread.stored.delivery.body;
    let text = std::str::from_utf8(body).expect("a body is a number");
    text.parse().expect("a body is a number")
}

/// A schedule on its way.
struct Schedule {
    harness: Harness,
    chance: Chance,
    model: Model,
    /// What readers and takers have in hand; those who die leave it there.
    read: Vec<(Token, Vec<Unread>)>,
    holds: Vec<(usize, Hold)>,
}

/// **I2**, **I3**, **I6**: in whatever order things happen, each verb answers what it must: a delivery is stored once and
/// read once, an event is in its lane once and in order, a lane is one taker's at a time, the late change nothing, and in
/// the end everything has arrived.
///
/// One seed is one schedule. For inboxes on a clock that is moved by hand ([`Harness::by_hand`]): a schedule is a good
/// hundred verbs.
pub async fn i2_to_i6_hold_in_whatever_order_things_happen(harness: Harness, seed: u64) {
    let mut schedule = Schedule {
        harness,
        chance: Chance::new(seed),
        model: Model::default(),
        read: Vec::new(),
        holds: Vec::new(),
    };
    for _ in 0..STEPS {
        match schedule.chance.below(8) {
            0 | 1 => schedule.accept().await,
            2 => schedule.unread().await,
            3 => schedule.file().await,
            4 => schedule.take().await,
            5 | 6 => schedule.settle().await,
            _ => schedule.pass().await,
        }
    }
    schedule.end().await;
}

impl Schedule {
    async fn accept(&mut self) {
        let delivery = self.chance.below(12);
        let letter = self.harness.letter(&delivery.to_string());
        let answer = self.harness.accept(letter.incoming()).await;
        if self.model.accepted.insert(delivery) {
            assert_eq!(answer, STORED, "delivery {delivery} is new");
            self.model.unread.push_back(delivery);
        } else {
            assert_eq!(answer, DUPLICATE, "delivery {delivery} came before");
        }
    }

    async fn unread(&mut self) {
        let again = self
            .chance
            .one_in(3)
            .then(|| self.read.last().map(|(token, _)| *token));
        let token = again.flatten().unwrap_or_else(token);
        let count = 1 + self.chance.below(4);
        let found = self.harness.unread(token, count, 1 << 20, SHORT).await;
        let numbers: Vec<_> = found.iter().map(number_of).collect();
        let oldest: Vec<_> = self.model.unread.iter().copied().take(count).collect();
        let now = self.model.now;
        match self.model.reader {
            Some((holder, until, filed)) if holder != token && until > now => {
                assert!(numbers.is_empty() || filed, "another reads: {numbers:?}");
            }
            _ => assert_eq!(numbers, oldest, "the oldest that nobody has read"),
        }
        if !numbers.is_empty() {
            assert_eq!(numbers, oldest, "the oldest that nobody has read");
            self.model.reader = Some((token, now + SHORT, false));
            self.read.push((token, found));
        }
    }

    async fn file(&mut self) {
        if self.read.is_empty() {
            return;
        }
        let place = self.chance.below(self.read.len());
        let (token, found) = self.read.swap_remove(place);
        let says = |unread: &Unread| {
            let events = events_of(number_of(unread));
            let said = events.map(|(name, lane)| said(&name).in_lane(&format!("lane{lane}")));
            reading(unread, said.to_vec())
        };
        let filed = self.harness.file(token, found.iter().map(says).collect()).await;
        let (ours, others) = match self.model.reader {
            Some((holder, until, filed)) if until > self.model.now => {
                (holder == token, holder != token && !filed)
            }
            _ => (false, false),
        };
        assert!(!(ours && filed.is_none()), "it was the reader");
        assert!(!(others && filed.is_some()), "another is the reader");
        let Some(filed) = filed else { return };
        if ours && let Some(reader) = &mut self.model.reader {
            reader.2 = true;
        }
        let mut fresh = 0;
        for number in found.iter().map(number_of) {
            // What is read already is left as it is.
            let Some(place) = self.model.unread.iter().position(|unread| *unread == number) else {
                continue;
            };
            self.model.unread.remove(place);
            for (name, lane) in events_of(number) {
                if self.model.known.insert(name.clone()) {
                    fresh += 1;
                    self.model.expected[lane].push(name.clone());
                    self.model.lanes[lane].entries.push_back((name, 0));
                }
            }
        }
        assert_eq!(filed.fresh, fresh, "each event is fresh once");
    }

    async fn take(&mut self) {
        let want = Want {
            lanes: 1 + self.chance.below(LANES),
            events: 1 + self.chance.below(3),
            bytes: 1 << 20,
        };
        let lease = if self.chance.one_in(2) { SHORT } else { 4 * SHORT };
        let held = self.harness.hold_for(SINK, want, lease).await;
        let now = self.model.now;
        let due = self.model.lanes.iter().filter(|lane| lane.is_due(now)).count();
        assert_eq!(held.len(), due.min(want.lanes), "as many lanes as are due");
        for hold in held {
            let keys = hold.keys();
            let first = keys.first().expect("a lane is not empty");
            let lane = self.model.lanes.iter().position(|lane| {
                let front = lane.entries.front();
                front.is_some_and(|(name, _)| name == first)
            });
            let lane = lane.unwrap_or_else(|| panic!("{first} is at the front of no lane"));
            let queue = &mut self.model.lanes[lane];
            assert!(queue.is_due(now), "lane {lane} is somebody's, or waits");
            queue.holder = Some((hold.token, now + lease));
            let count = want.events.min(queue.entries.len());
            assert_eq!(keys.len(), count, "the next events");
            for (entry, (key, attempt)) in queue.entries.iter_mut().zip(keys.iter().zip(hold.attempts())) {
                entry.1 += 1;
                assert_eq!(
                    (key, attempt),
                    (&entry.0, entry.1),
                    "in order, each attempt counted"
                );
            }
            self.holds.push((lane, hold));
        }
    }

    async fn settle(&mut self) {
        if self.holds.is_empty() {
            return;
        }
        let place = self.chance.below(self.holds.len());
        let what = self.chance.below(6);
        let now = self.model.now;
        let (lane, token) = (self.holds[place].0, self.holds[place].1.token);
        let held = self.model.lanes[lane].holder == Some((token, self.until(lane))) && self.until(lane) > now;
        let expected = if held { Settled::Done } else { Settled::Lost };
        if what == 0 {
            let answer = self
                .harness
                .renew(self.holds[place].1.lane.id, token, SHORT)
                .await;
            assert_eq!(answer, expected, "a renewal");
            if held {
                self.model.lanes[lane].holder = Some((token, now + SHORT));
            }
            return;
        }
        let (_, hold) = self.holds.swap_remove(place);
        if what == 1 {
            return; // It dies.
        }
        let taken = hold.keys().len();
        let done = self.chance.below(taken + 1);
        let then = match what {
            2 if done < taken => Some(Then::Retry { after: SHORT }),
            3 if done < taken => Some(Then::Park),
            _ => None,
        };
        let settlement = then.map_or_else(|| hold.done_to(done), |then| hold.failing(done, then));
        assert_eq!(
            self.harness.settle(token, settlement).await,
            expected,
            "a settlement"
        );
        if !held {
            return;
        }
        let queue = &mut self.model.lanes[lane];
        queue.holder = None;
        for _ in 0..done {
            let (name, _) = queue.entries.pop_front().expect("it was taken");
            self.model.delivered[lane].push(name);
        }
        let rest = taken - done - usize::from(then.is_some());
        if then == Some(Then::Park) {
            let (name, _) = queue.entries.pop_front().expect("it was taken");
            self.model.expected[lane].retain(|expected| *expected != name);
            self.model.dead += 1;
        }
        let failed = usize::from(matches!(then, Some(Then::Retry { .. })));
        queue.due = if failed == 1 { now + SHORT } else { now };
        // What was not begun is not counted.
        for (_, attempts) in queue.entries.iter_mut().skip(failed).take(rest) {
            *attempts -= 1;
        }
    }

    fn until(&self, lane: usize) -> Duration {
        self.model.lanes[lane]
            .holder
            .map_or(Duration::ZERO, |(_, until)| until)
    }

    async fn pass(&mut self) {
        let steps = 1 + u32::try_from(self.chance.below(12)).unwrap_or_default();
        self.harness.pass(STEP * steps).await;
        self.model.now += STEP * steps;
    }

    /// All leases are over, and nobody dies any more.
    async fn end(mut self) {
        let rest = STEP * 200;
        self.harness.pass(rest).await;
        self.model.now += rest;
        self.read.clear();
        while !self.model.unread.is_empty() {
            self.unread().await;
            self.file().await;
            self.harness.pass(STEP * 20).await;
            self.model.now += STEP * 20;
        }
        for _ in 0..1_000 {
            let held = self.harness.hold(SINK, ALL).await;
            if held.is_empty() {
                break;
            }
            for hold in held {
                for key in hold.keys() {
                    let lane = self.model.expected.iter().position(|lane| lane.contains(&key));
                    self.model.delivered[lane.expect("it was filed")].push(key);
                }
                assert_eq!(self.harness.settle(hold.token, hold.done()).await, Settled::Done);
            }
        }
        assert_eq!(
            self.model.delivered, self.model.expected,
            "each once, in its order"
        );
        let status = self.harness.status().await;
        let sinks: BTreeMap<_, _> = status
            .sinks
            .iter()
            .map(|sink| (sink.name.as_str(), sink))
            .collect();
        if let Some(sink) = sinks.get(SINK) {
            assert_eq!((sink.waiting, sink.dead), (0, self.model.dead as u64));
        }
        assert_eq!(status.unread, 0);
    }
}
