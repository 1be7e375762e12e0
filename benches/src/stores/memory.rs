//! In memory, against what one writes first. A call never waits, so only threads compete, however many tasks there are.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Instant,
};

use wahook_core::guard::{GuardStore, MemoryStore};
use wahook_tower::SystemClock;

use super::{
    bench::Bench,
    growth::{FEW, Growth},
    race::{Id, LEASE, MEMORY, Subject, Way, What},
    threads,
};
use crate::report::{Goal::AtMost, Report};

/// Forgets nothing, knows no holder.
#[derive(Default)]
struct Naive(Mutex<HashMap<String, Instant>>);

impl Way for Naive {
    async fn claim(&self, id: &Id) -> bool {
        let now = Instant::now();
        let mut seen = self.0.lock().expect("no panic in here");
        if let Some(end) = seen.get_mut(id.key.as_str()) {
            let is_over = *end <= now;
            if is_over {
                *end = now + LEASE;
            }
            return is_over;
        }
        seen.insert(id.key.as_str().to_owned(), now + LEASE);
        true
    }

    async fn complete(&self, id: &Id) -> bool {
        let until = Instant::now() + MEMORY;
        let mut seen = self.0.lock().expect("no panic in here");
        seen.get_mut(id.key.as_str()).map(|end| *end = until).is_some()
    }
}

fn store() -> Arc<dyn GuardStore> {
    let capacity = NonZeroUsize::new(100_000_000).expect("not zero");
    Arc::new(MemoryStore::new(Arc::new(SystemClock::new()), capacity, [7; 16]))
}

pub fn run(bench: &Bench, report: &mut Report) -> Growth {
    let subjects = [
        Subject::new("Mutex<HashMap<String, Instant>>", Naive::default()),
        Subject::new("MemoryStore", store()),
    ];
    bench.table(
        "stores, in memory: no call waits, so only threads compete; reading the clock is part of a call",
        bench.plan.waiting_slice / 10,
        &subjects,
        What::ALL,
    );
    drop(subjects);
    threads::run(report);
    weigh(bench, report);
    let [few, many] = [FEW, bench.plan.keys].map(|keys| {
        let subject = Subject::new("MemoryStore", store());
        let ids = (0..keys).map(Id::of).collect();
        subject.run(&bench.runtime, What::ClaimAndComplete, 1, ids);
        subject
    });
    Growth::of(bench, "memory", 1, few, many)
}

/// What was asked of the allocator and not given back. What it rounds up comes on top: that is not the store's.
fn weigh(bench: &Bench, report: &mut Report) {
    println!("\n### stores, memory for each completed key\n");
    println!("| way | keys | bytes a key | at most while it grew |");
    println!("|:--|--:|--:|--:|");
    for keys in [FEW, bench.plan.keys] {
        weigh_one(bench, "Mutex<HashMap<String, Instant>>", keys, &Naive::default());
        let each = weigh_one(bench, "MemoryStore", keys, &store());
        report.goal(
            format!("a key in memory, of {keys}, in bytes"),
            Some(each),
            AtMost(100.0),
        );
    }
}

fn weigh_one(bench: &Bench, name: &str, keys: u64, way: &impl Way) -> f64 {
    // On this thread: the counter is the thread's own.
    let asked = allocation_counter::measure(|| {
        bench.runtime.block_on(async {
            for number in 0..keys {
                let id = Id::of(number);
                assert!(way.claim(&id).await && way.complete(&id).await);
            }
        });
    });
    let each = |bytes: f64| bytes / keys as f64;
    println!(
        "| {name} | {keys} | {:.0} | {:.0} |",
        each(asked.bytes_current as f64),
        each(asked.bytes_max as f64)
    );
    each(asked.bytes_current as f64)
}
