//! Subjects side by side, and what is printed of them.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

use super::race::{Id, Slice, Subject, What};
use crate::harness::{Plan, median, shown, spread};

/// How many tasks call at once.
const TASKS: [usize; 3] = [1, 16, 64];

/// The first so many keys are there already, for duplicates.
const KNOWN: u64 = 1024;

pub struct Bench {
    pub runtime: Runtime,
    pub plan: Plan,
    next: Cell<u64>,
}

impl Bench {
    pub fn new(plan: Plan) -> Self {
        Self {
            // As many threads as the machine has, as `#[tokio::main]` gives them.
            runtime: Builder::new_multi_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            plan,
            // The first ones are those that full stores hold, and the known ones.
            next: Cell::new(plan.keys.max(KNOWN)),
        }
    }

    /// Ids that nobody had.
    fn fresh(&self, count: u64) -> Vec<Id> {
        let first = self.next.replace(self.next.get() + count);
        (first..first + count).map(Id::of).collect()
    }

    fn ids(&self, what: What, count: u64) -> Vec<Id> {
        match what {
            What::Duplicate => (0..count).map(|number| Id::of(number % KNOWN)).collect(),
            What::Claim | What::ClaimAndComplete => self.fresh(count),
        }
    }

    /// Measures and prints; the first subject is the one that the others are compared with.
    pub fn table(&self, title: &str, slice: Duration, subjects: &[Subject], calls: &[What]) -> Rates {
        println!("\n### {title}\n");
        println!("| call | tasks | way | calls/s | p50 µs | p99 µs | × bare | ± |");
        println!("|:--|--:|:--|--:|--:|--:|--:|--:|");
        if calls.contains(&What::Duplicate) {
            for subject in subjects {
                let known = (0..KNOWN).map(Id::of).collect();
                subject.run(&self.runtime, What::ClaimAndComplete, 64, known);
            }
        }
        let mut rates = Rates(Vec::new());
        for what in calls {
            for tasks in TASKS {
                let count = |subject| self.calls_per_slice(slice, subject, *what, tasks);
                let counts: Vec<u64> = subjects.iter().map(count).collect();
                for line in self.measure(subjects, &counts, *what, tasks) {
                    println!("| {} | {tasks} {line}", what.name());
                    rates.0.push((*what, tasks, line));
                }
            }
        }
        rates
    }

    /// Every subject gets its turn in each round, in rotated order; ratios are taken inside the rounds.
    pub fn measure(&self, subjects: &[Subject], counts: &[u64], what: What, tasks: usize) -> Vec<Line> {
        let mut rounds: Vec<Vec<Slice>> = subjects.iter().map(|_| Vec::new()).collect();
        for round in 0..self.plan.waiting_rounds {
            for step in 0..subjects.len() {
                let which = (round + step) % subjects.len();
                let ids = self.ids(what, counts[which]);
                rounds[which].push(subjects[which].run(&self.runtime, what, tasks, ids));
            }
        }
        let line = |(which, subject): (usize, &Subject)| {
            let rates = rounds[which].iter().map(|slice| slice.per_second);
            let firsts = rounds[0].iter().map(|slice| slice.per_second);
            let ratios: Vec<f64> = rates
                .clone()
                .zip(firsts)
                .map(|(own, first)| own / first)
                .collect();
            let latencies = rounds[which].iter().flat_map(|slice| &slice.latencies);
            let mut latencies: Vec<u64> = latencies.copied().collect();
            latencies.sort_unstable();
            Line {
                name: subject.name.clone(),
                per_second: median(rates.collect()),
                p50: latencies[latencies.len() / 2],
                p99: latencies[latencies.len() * 99 / 100],
                spread: spread(ratios.clone()),
                ratio: median(ratios),
            }
        };
        subjects.iter().enumerate().map(line).collect()
    }

    /// How many calls fill a slice. Also warms connections and plans up.
    fn calls_per_slice(&self, slice: Duration, subject: &Subject, what: What, tasks: usize) -> u64 {
        let mut calls = tasks as u64;
        loop {
            let begun = Instant::now();
            let ran = subject.run(&self.runtime, what, tasks, self.ids(what, calls));
            if begun.elapsed() * 4 >= slice {
                return ((ran.per_second * slice.as_secs_f64()) as u64).max(2 * tasks as u64);
            }
            calls *= 2;
        }
    }
}

/// What all subjects came to.
pub struct Rates(Vec<(What, usize, Line)>);

impl Rates {
    /// The throughput of a subject over that of the first.
    pub fn of(&self, name: &str, what: What, tasks: usize) -> Option<f64> {
        let mut lines = self.0.iter();
        let (.., line) = lines.find(|(call, at_once, line)| {
            *call == what && *at_once == tasks && line.name.starts_with(name)
        })?;
        Some(line.ratio)
    }
}

/// What one subject came to.
pub struct Line {
    pub name: String,
    /// Median of the rounds.
    pub per_second: f64,
    /// Nanoseconds, of all calls of all rounds.
    p50: u64,
    p99: u64,
    /// Median ratio of the throughput to the first subject's.
    pub ratio: f64,
    pub spread: f64,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = |nanos: u64| match nanos {
            ..10_000 => format!("{:.2}", nanos as f64 / 1e3),
            _ => format!("{:.0}", nanos as f64 / 1e3),
        };
        write!(
            f,
            "| {} | {:.0} | {} | {} | {:.2} | {} |",
            self.name,
            self.per_second,
            micros(self.p50),
            micros(self.p99),
            self.ratio,
            shown(self.spread)
        )
    }
}
