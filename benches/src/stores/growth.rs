//! What a claim costs when there are many keys, against when there are few.

use super::{
    bench::Bench,
    race::{Id, Subject, What},
};
use crate::{
    harness::shown,
    report::{Goal::AtMost, Report},
};

/// Keys that the small one holds at the beginning.
pub const FEW: u64 = 10_000;

/// Claims in each slice: few, so that the small one stays small.
const CLAIMS: u64 = 2_000;

/// One kind of store, twice.
pub struct Growth {
    store: &'static str,
    tasks: usize,
    per_second: [f64; 2],
    /// Of the cost.
    ratio: f64,
    spread: f64,
}

impl Growth {
    /// Measures claims of new keys in two stores that were filled, with the first keys that there are.
    pub fn of(bench: &Bench, store: &'static str, tasks: usize, few: Subject, many: Subject) -> Self {
        // They were put there past the verbs: is this what the store would have written?
        for (subject, keys) in [(&few, FEW), (&many, bench.plan.keys)] {
            let known = vec![Id::of(0), Id::of(keys / 2), Id::of(keys - 1)];
            subject.run(&bench.runtime, What::Duplicate, 1, known);
        }
        let lines = bench.measure(&[few, many], &[CLAIMS; 2], What::Claim, tasks);
        Self {
            store,
            tasks,
            per_second: [lines[0].per_second, lines[1].per_second],
            ratio: 1.0 / lines[1].ratio,
            spread: lines[1].spread,
        }
    }
}

pub fn print(bench: &Bench, stores: &[Growth], report: &mut Report) {
    let (keys, more) = (bench.plan.keys, CLAIMS * bench.plan.waiting_rounds as u64);
    println!("\n### stores, the cost of a claim when they are full\n");
    println!(
        "Each grows by {more} keys while it is measured. An accept signs and verifies its delivery within the call.\n"
    );
    println!("| store | tasks | claims/s at {FEW} keys | claims/s at {keys} keys | cost, many to few | ± |");
    println!("|:--|--:|--:|--:|--:|--:|");
    for line in stores {
        let [few, many] = line.per_second;
        println!(
            "| {} | {} | {few:.0} | {many:.0} | {:.2} | {} |",
            line.store,
            line.tasks,
            line.ratio,
            shown(line.spread)
        );
        report.goal(
            format!("a claim in {}, at {keys} keys over {FEW}", line.store),
            Some(line.ratio),
            AtMost(1.5),
        );
    }
}
