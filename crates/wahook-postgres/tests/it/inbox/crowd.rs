//! Several processes at one inbox at once: what each of them was answered is written down, and looked at when all is over.
//!
//! What they do is chance, which a seed repeats; how it falls out is theirs and the server's.
//!
//! Longer than 400 lines: what is written down is told by those who do it, and is nothing without how it is looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use fastrand::Rng;
use tokio::{task::JoinSet, time::sleep};
use wahook_core::{
    guard::{Settled, Token},
    inbox::{Accepted, Inbox as _, Incoming, Lane, Reading, Setback, Settlement, Then, Want},
};
use wahook_postgres::PostgresInbox;
use wahook_testkit::inbox::Deliveries;

use super::{connect, event};
use crate::common::{LONG, SHORT, random, schema, token};

const SEEDS: usize = 3;
const PROCESSES: usize = 3;
const CHATS: usize = 6;
const EACH: usize = 12;
const READERS: usize = 3;
const TAKERS: usize = 5;

/// All that was said has to be done by then.
const PATIENCE: Duration = Duration::from_secs(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i6_what_several_processes_do_at_once_is_done_once_by_one_at_a_time_and_in_order() {
    for _ in 0..SEEDS {
        let seed = random();
        println!("seed {seed}");
        let crowd = Arc::new(Crowd::new(seed).await);
        let mut tasks = JoinSet::new();
        for chat in 0..CHATS {
            let crowd = Arc::clone(&crowd);
            tasks.spawn(async move { crowd.speak(chat).await });
        }
        for number in 0..READERS {
            let crowd = Arc::clone(&crowd);
            tasks.spawn(async move { crowd.read(number).await });
        }
        for number in 0..TAKERS {
            let crowd = Arc::clone(&crowd);
            tasks.spawn(async move { crowd.hand_over(number).await });
        }
        tasks.join_all().await;
        Arc::into_inner(crowd).unwrap().check();
    }
}

/// Somebody has something alone: surely from here to there.
struct Hold {
    what: String,
    who: Token,
    from: Duration,
    until: Duration,
}

/// An event in the hands of somebody.
struct Handed {
    key: String,
    position: i64,
    attempt: u32,
    /// When its end was told: after it was taken, and before anybody else took it.
    at: Duration,
    /// Where it stood among those that were taken with it.
    place: usize,
    end: End,
}

/// What its holder said of it, and was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Untouched,
    /// It failed, or nobody heard of its end.
    Begun,
}

#[derive(Default)]
struct History {
    stored: BTreeMap<String, usize>,
    fresh: usize,
    holds: Vec<Hold>,
    handed: Vec<Handed>,
    wrong: Vec<String>,
}

/// Several processes at one inbox, and what happens to them.
struct Crowd {
    seed: u64,
    began: Instant,
    inboxes: Vec<PostgresInbox>,
    history: Mutex<History>,
    done: AtomicUsize,
}

impl Crowd {
    async fn new(seed: u64) -> Self {
        let options = schema().connections(2).deadline(Duration::from_secs(20));
        let mut inboxes = Vec::new();
        for _ in 0..PROCESSES {
            inboxes.push(connect(options.clone()).await);
        }
        Self {
            seed,
            began: Instant::now(),
            inboxes,
            history: Mutex::default(),
            done: AtomicUsize::new(0),
        }
    }

    fn chance(&self, of: usize) -> Rng {
        Rng::with_seed(self.seed.wrapping_add(of as u64))
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn is_over(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= CHATS * EACH || self.now() > PATIENCE
    }

    fn note<T>(&self, note: impl FnOnce(&mut History) -> T) -> T {
        note(&mut self.history.lock().unwrap())
    }

    /// A conversation, one message after the other; some are said twice at once, some once more under another id.
    async fn speak(&self, chat: usize) {
        let mut chance = self.chance(chat);
        let mut shop = Deliveries::of("wazapin", "shop");
        for number in 0..EACH {
            let key = format!("chat{chat}-{number}");
            let incoming = shop.body(&format!("msg_{key}"), key.clone().into_bytes());
            let processes = [(); 2].map(|()| &self.inboxes[chance.usize(..PROCESSES)]);
            if chance.usize(..3) == 0 {
                tokio::join!(
                    self.accept(processes[0], &key, incoming.clone()),
                    self.accept(processes[1], &key, incoming)
                );
            } else {
                self.accept(processes[0], &key, incoming).await;
            }
            if chance.usize(..6) == 0 {
                let other = shop.body(&format!("again_{key}"), key.clone().into_bytes());
                self.accept(processes[1], &format!("again {key}"), other).await;
            }
        }
    }

    async fn accept(&self, inbox: &PostgresInbox, key: &str, incoming: Incoming) {
        if let Accepted::Stored { conflict } = inbox.accept(incoming).await.expect("it answers") {
            self.note(|history| {
                *history.stored.entry(key.to_owned()).or_default() += 1;
                if conflict {
                    history.wrong.push(format!("{key} is called a conflict"));
                }
            });
        }
    }

    /// Reads and files, sometimes too late.
    async fn read(&self, number: usize) {
        let mut chance = self.chance(100 + number);
        let reader = token();
        while !self.is_over() {
            let inbox = &self.inboxes[chance.usize(..PROCESSES)];
            let lease = if chance.usize(..2) == 0 { SHORT } else { LONG };
            let asked = self.now();
            let unread = inbox.unread(reader, 1 + chance.usize(..12), 1 << 20, lease).await;
            let unread = unread.expect("it answers");
            if unread.is_empty() {
                sleep(Duration::from_millis(2)).await;
                continue;
            }
            let until = asked + lease;
            self.hold("the part of the reader", reader, self.now(), until);
            if lease == SHORT && chance.usize(..3) == 0 {
                sleep(SHORT).await;
            }
            let readings = unread.iter().map(|unread| {
                let key = String::from_utf8(unread.stored.delivery.body.to_vec()).unwrap();
                let lane = key.split('-').next().unwrap_or_default().to_owned();
                Reading {
                    position: unread.stored.position,
                    events: Some(vec![event(&key, &lane)]),
                    memory: LONG,
                }
            });
            let filed = inbox.file(reader, readings.collect()).await.expect("it answers");
            match filed {
                Some(filed) => self.note(|history| history.fresh += filed.fresh),
                None if self.now() < until => self.wrong("a reader loses its part before its lease ends"),
                None => {}
            }
            // Others get their turn.
            let given_up = self.now();
            inbox
                .unread(reader, 1, 1, Duration::ZERO)
                .await
                .expect("it answers");
            self.let_go("the part of the reader", reader, given_up);
        }
    }

    /// Takes lanes, and ends what it took in one way or another.
    async fn hand_over(&self, number: usize) {
        let mut chance = self.chance(200 + number);
        while !self.is_over() {
            let inbox = &self.inboxes[chance.usize(..PROCESSES)];
            let lease = if chance.usize(..2) == 0 { SHORT } else { LONG };
            let (token, want) = (
                token(),
                Want {
                    lanes: 1 + chance.usize(..3),
                    events: 1 + chance.usize(..8),
                    bytes: 1 << 20,
                },
            );
            let asked = self.now();
            let taken = inbox.take("till", token, want, lease).await.expect("it answers");
            if taken.lanes.is_empty() {
                sleep(Duration::from_millis(2)).await;
            }
            let answered = self.now();
            for lane in &taken.lanes {
                self.hold(&lane_name(lane), token, answered, asked + lease);
            }
            for lane in taken.lanes {
                self.end(inbox, token, &lane, (asked, lease), &mut chance).await;
            }
        }
    }

    async fn end(
        &self,
        inbox: &PostgresInbox,
        token: Token,
        lane: &Lane,
        (asked, lease): (Duration, Duration),
        chance: &mut Rng,
    ) {
        let name = lane_name(lane);
        let mut until = asked + lease;
        if chance.usize(..4) == 0 {
            let asked = self.now();
            let renewed = inbox.renew(lane.id, token, lease).await.expect("it answers");
            if renewed == Settled::Done {
                until = asked + lease;
                self.hold(&name, token, self.now(), until);
            } else if self.now() < until {
                self.wrong(&format!("{name} is not renewed before its lease ends"));
            }
        }
        // Slower than the lease, or dead.
        if lease == SHORT && chance.usize(..3) == 0 {
            sleep(SHORT).await;
        }
        let dies = lease == SHORT && chance.usize(..4) == 0;
        let count = lane.entries.len();
        let mut ends = vec![End::Begun; count];
        let begun = self.now();
        if !dies {
            let done = if chance.usize(..2) == 0 {
                count
            } else {
                chance.usize(..count + 1)
            };
            let fails = done < count && chance.usize(..2) == 0;
            let untouched = done + usize::from(fails);
            let ids = || lane.entries.iter().map(|entry| entry.id);
            let settlement = Settlement {
                lane: lane.id,
                done: ids().take(done).collect(),
                setback: fails.then(|| Setback {
                    entry: lane.entries[done].id,
                    error: "it failed".to_owned(),
                    failed: true,
                    then: Then::Retry {
                        after: Duration::from_millis(chance.usize(..20) as u64),
                    },
                }),
                untouched: ids().skip(untouched).collect(),
            };
            let settled = inbox.settle(token, settlement).await.expect("it answers");
            if settled == Settled::Done {
                ends[..done].fill(End::Done);
                ends[untouched..].fill(End::Untouched);
                self.let_go(&name, token, begun);
                self.done.fetch_add(done, Ordering::Relaxed);
            } else if self.now() < until {
                self.wrong(&format!("{name} is lost before its lease ends"));
            }
        }
        self.note(|history| {
            for (place, (entry, end)) in lane.entries.iter().zip(ends).enumerate() {
                history.handed.push(Handed {
                    key: entry.key.clone(),
                    position: entry.stored.position,
                    attempt: entry.attempt,
                    at: begun,
                    place,
                    end,
                });
            }
        });
    }

    fn wrong(&self, what: &str) {
        self.note(|history| history.wrong.push(what.to_owned()));
    }

    fn hold(&self, what: &str, who: Token, from: Duration, until: Duration) {
        self.note(|history| {
            history.holds.push(Hold {
                what: what.to_owned(),
                who,
                from,
                until,
            });
        });
    }

    /// From this moment on it may be another's.
    fn let_go(&self, what: &str, who: Token, at: Duration) {
        self.note(|history| {
            let holds = history.holds.iter_mut();
            for hold in holds.filter(|hold| hold.who == who && hold.what == what) {
                hold.until = hold.until.min(at);
            }
        });
    }

    fn check(self) {
        let seed = self.seed;
        let History {
            stored,
            fresh,
            mut holds,
            mut handed,
            wrong,
        } = self.history.into_inner().unwrap();
        assert_eq!(wrong, [""; 0], "seed {seed}");
        let keys: BTreeSet<String> = stored
            .keys()
            .filter(|key| !key.starts_with("again "))
            .cloned()
            .collect();
        assert_eq!(keys.len(), CHATS * EACH, "seed {seed}: all is stored");
        let twice = stored.iter().find(|(_, count)| **count > 1);
        assert_eq!(twice, None, "seed {seed}: each is stored once");
        assert_eq!(
            fresh,
            keys.len(),
            "seed {seed}: each event is put in its lane once"
        );

        holds.retain(|hold| hold.from < hold.until);
        holds.sort_by(|one, other| (&one.what, one.from).cmp(&(&other.what, other.from)));
        let mut last: Option<&Hold> = None;
        for hold in &holds {
            match last {
                Some(before) if before.what == hold.what && before.until > hold.from => {
                    assert_eq!(
                        before.who, hold.who,
                        "seed {seed}: two have {} at {:?}",
                        hold.what, hold.from
                    );
                    if hold.until > before.until {
                        last = Some(hold);
                    }
                }
                _ => last = Some(hold),
            }
        }

        // What was not begun does not count: it is the same attempt the next time.
        handed.sort_by_key(|one| (one.attempt, one.end != End::Untouched));
        let mut by_key: BTreeMap<&str, Vec<&Handed>> = BTreeMap::new();
        for one in &handed {
            by_key.entry(&one.key).or_default().push(one);
        }
        assert_eq!(by_key.len(), keys.len(), "seed {seed}: all is handed over");
        for (key, times) in &by_key {
            let ends: Vec<_> = times.iter().map(|one| (one.attempt, one.end)).collect();
            let mut attempt = 1;
            for (index, (is, end)) in ends.iter().enumerate() {
                assert_eq!(*is, attempt, "seed {seed}: {key} is counted: {ends:?}");
                attempt += u32::from(*end != End::Untouched);
                let is_last = index + 1 == ends.len();
                assert_eq!(
                    *end == End::Done,
                    is_last,
                    "seed {seed}: {key} is done once: {ends:?}"
                );
            }
        }

        handed.retain(|one| one.end == End::Done);
        handed.sort_by_key(|one| (one.at, one.place));
        let mut lanes: BTreeMap<&str, i64> = BTreeMap::new();
        for one in &handed {
            let lane = one.key.split('-').next().unwrap_or_default();
            if let Some(before) = lanes.insert(lane, one.position) {
                assert!(before < one.position, "seed {seed}: {} is out of order", one.key);
            }
        }
    }
}

fn lane_name(lane: &Lane) -> String {
    format!("lane {}", lane.id.0)
}
