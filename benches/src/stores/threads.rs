//! Eight threads that do nothing but claim and complete, a tenth of it what they had before, in memories that are full.

use std::{
    num::NonZeroUsize,
    pin::pin,
    sync::{Arc, Barrier, Mutex},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use lru::LruCache;
use wahook_core::guard::{Claim, GuardStore as _, MemoryStore, Settled};
use wahook_tower::SystemClock;

use super::race::{DIGEST, Id, LEASE, MEMORY};
use crate::{
    harness::{median, shown, spread},
    report::{Goal::AtMost, Report},
};

const THREADS: u64 = 8;

/// Calls of each thread in each round.
const CALLS: u64 = 25_000;

/// Where they stand among the subjects: what is judged, and what all are compared with.
const OURS: usize = 0;
const LRU: usize = 1;

/// Whether an id is new, and if so it is kept.
type IsNew = Box<dyn Fn(&Id) -> bool + Sync>;

pub fn run(report: &mut Report) {
    let keys = report.plan.keys;
    let capacity = NonZeroUsize::new(keys as usize).expect("not zero");
    let ours = MemoryStore::new(Arc::new(SystemClock::new()), capacity, [7; 16]);
    let lru = Mutex::new(LruCache::new(capacity));
    let moka = moka::sync::Cache::builder()
        .max_capacity(keys)
        .time_to_live(MEMORY)
        .eviction_policy(moka::policy::EvictionPolicy::lru())
        .build();
    let subjects: [(&str, IsNew); 3] = [
        (
            "wahook, claim and complete",
            Box::new(move |id| {
                let claim = at_once(ours.claim(&id.key, DIGEST, id.token, LEASE)).expect("room");
                let is_new = matches!(claim, Claim::Fresh { .. });
                if is_new {
                    let settled = at_once(ours.complete(&id.key, DIGEST, id.token, MEMORY));
                    assert_eq!(settled.expect("it answers"), Settled::Done);
                }
                is_new
            }),
        ),
        (
            "Mutex<LruCache<String>>, one put",
            Box::new(move |id| {
                let mut lru = lru.lock().expect("no panic in here");
                lru.put(id.key.as_str().to_owned(), ()).is_none()
            }),
        ),
        (
            "moka, one insert",
            Box::new(move |id| {
                let entry = moka.entry_by_ref(id.key.as_str()).or_insert(());
                entry.is_fresh()
            }),
        ),
    ];
    // Another beginning for each, so that none finds the memory of the machine warm with another's keys.
    let mut next = 0;
    for (_, is_new) in &subjects {
        for number in 0..keys {
            is_new(&Id::of(number));
        }
    }
    next += keys;
    let mut rounds: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..report.plan.waiting_rounds {
        for step in 0..subjects.len() {
            let which = (round + step) % subjects.len();
            rounds[which].push(nanoseconds(&subjects[which].1, next));
        }
        next += THREADS * CALLS;
    }
    println!("\n### stores, in memory, {THREADS} threads, {keys} keys, a tenth of the calls duplicates\n");
    println!("| way | ns, wall time by all calls | ratio | ± |");
    println!("|:--|--:|--:|--:|");
    let ratios = |which: usize| -> Vec<f64> {
        let pairs = rounds[which].iter().zip(&rounds[LRU]);
        pairs.map(|(own, lru)| own / lru).collect()
    };
    for (which, (name, _)) in subjects.iter().enumerate() {
        let (ns, ratio) = (median(rounds[which].clone()), median(ratios(which)));
        println!(
            "| {name} | {ns:.0} | {ratio:.2} | {} |",
            shown(spread(ratios(which)))
        );
    }
    report.goal(
        format!("claim and complete in memory, {THREADS} threads, {keys} keys, over one put of Mutex<LruCache<String>>"),
        Some(median(ratios(OURS))),
        AtMost(0.61),
    );
}

/// Wall time by all calls.
fn nanoseconds(is_new: &IsNew, first: u64) -> f64 {
    let begin = Barrier::new(THREADS as usize);
    let spans = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let begin = &begin;
                scope.spawn(move || {
                    let own = first + thread * CALLS;
                    // Each tenth is one that came nine calls before.
                    let ids: Vec<(Id, bool)> = (0..CALLS)
                        .map(|call| match call % 10 {
                            9 => (Id::of(own + call - 9), false),
                            _ => (Id::of(own + call), true),
                        })
                        .collect();
                    begin.wait();
                    let begun = Instant::now();
                    for (id, expected) in &ids {
                        assert_eq!(is_new(id), *expected);
                    }
                    (begun, Instant::now())
                })
            })
            .collect();
        let spans = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        spans.collect::<Vec<_>>()
    });
    let begun = spans.iter().map(|(begun, _)| *begun).min().expect("a thread");
    let ended = spans.iter().map(|(_, ended)| *ended).max().expect("a thread");
    (ended - begun).as_nanos() as f64 / (THREADS * CALLS) as f64
}

/// What a future says that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(said) => said,
        Poll::Pending => panic!("a store in memory waits for nothing"),
    }
}
