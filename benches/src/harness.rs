//! Measures several ways to do one thing, side by side.
//!
//! A tool that finishes A before it starts B puts the drift of the machine into their ratio. Here every subject of a
//! group gets a slice of about 1.5 ms in each of 61 rounds, in rotated order; a ratio is taken inside a round, and the
//! median of these ratios is what the table shows. Times belong to the machine, ratios travel.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;

use crate::count::Against;

/// How long and how often.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub slice: Duration,
    /// The same for calls that wait, for a disk or a server.
    pub waiting_rounds: usize,
    pub waiting_slice: Duration,
    /// What a full store holds.
    pub keys: u64,
}

impl Plan {
    /// What published numbers are made with.
    pub const FULL: Self = Self {
        rounds: 61,
        slice: Duration::from_micros(1500),
        waiting_rounds: 11,
        waiting_slice: Duration::from_millis(100),
        keys: 1_000_000,
    };

    /// For a look, and to see that everything still runs.
    pub const QUICK: Self = Self {
        rounds: 7,
        slice: Duration::from_micros(500),
        waiting_rounds: 3,
        waiting_slice: Duration::from_millis(25),
        keys: 100_000,
    };

    /// Whether it is for a look only.
    pub const fn is_quick(self) -> bool {
        self.keys < Self::FULL.keys
    }
}

/// What to learn from a run of calls.
#[derive(Clone, Copy)]
enum Meter {
    Allocations,
    Nanoseconds,
    /// Nothing here: whoever runs this program counts what happens inside of [`counted`].
    Instructions,
}

/// The name that valgrind looks for.
#[inline(never)]
pub fn counted(work: &mut dyn FnMut()) {
    work();
}

/// One way to do it. A call does the whole thing once, what comes out of it is dropped inside the call.
pub struct Subject<'a> {
    name: String,
    /// Makes so many calls and tells what one of them came to.
    run: Box<dyn FnMut(u64, Meter) -> f64 + 'a>,
}

impl<'a> Subject<'a> {
    /// A call that needs nothing of its own.
    pub fn new<T>(name: impl Into<String>, mut call: impl FnMut() -> T + 'a) -> Self {
        Self::with_input(name, || (), move |()| call())
    }

    /// A call that uses something up, such as a signed request. Making it is not measured.
    pub fn with_input<I, T>(
        name: impl Into<String>,
        mut make: impl FnMut() -> I + 'a,
        mut call: impl FnMut(I) -> T + 'a,
    ) -> Self {
        let run = move |calls: u64, meter: Meter| {
            let inputs: Vec<I> = (0..calls).map(|_| make()).collect();
            meter.over(calls, || {
                for input in inputs {
                    black_box(call(input));
                }
            })
        };
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }

    /// The same for a call that is a future. All calls of a slice run in one visit to the runtime.
    pub fn with_future<I, F: Future>(
        name: impl Into<String>,
        runtime: &'a Runtime,
        mut make: impl FnMut() -> I + 'a,
        mut call: impl FnMut(I) -> F + 'a,
    ) -> Self {
        let run = move |calls: u64, meter: Meter| {
            let inputs: Vec<I> = (0..calls).map(|_| make()).collect();
            meter.over(calls, || {
                runtime.block_on(async {
                    for input in inputs {
                        black_box(call(input).await);
                    }
                });
            })
        };
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }
}

impl Meter {
    fn over(self, calls: u64, work: impl FnOnce()) -> f64 {
        let all = match self {
            Self::Allocations => allocation_counter::measure(work).count_total as f64,
            Self::Nanoseconds => {
                let begun = Instant::now();
                work();
                begun.elapsed().as_secs_f64() * 1e9
            }
            Self::Instructions => {
                let mut work = Some(work);
                counted(&mut || work.take().into_iter().for_each(|work| work()));
                0.0
            }
        };
        all / calls as f64
    }
}

/// What one subject came to.
struct Line {
    name: String,
    /// Median time of one call, in nanoseconds.
    nanoseconds: f64,
    /// Median ratio to the first subject, taken inside each round.
    ratio: f64,
    /// Half the distance between the quartiles of these ratios, as a part of the ratio: how steady it is.
    spread: f64,
    /// Requests for memory in one call.
    allocations: f64,
    rounds: Vec<f64>,
}

/// What the subjects of a group came to; nothing where only instructions were counted.
#[derive(Default)]
pub struct Lines(Vec<Line>);

impl Lines {
    fn of(&self, name: &str) -> Option<&Line> {
        if self.0.is_empty() {
            return None;
        }
        let line = self.0.iter().find(|line| line.name.starts_with(name));
        Some(line.unwrap_or_else(|| panic!("no subject is named {name}")))
    }

    /// How much longer the one takes than the other: the median over all rounds.
    pub fn ratio(&self, one: &str, other: &str) -> Option<f64> {
        let (one, other) = (self.of(one)?, self.of(other)?);
        let pairs = one.rounds.iter().zip(&other.rounds);
        Some(median(pairs.map(|(one, other)| one / other).collect()))
    }

    /// Requests for memory in one call.
    pub fn allocations(&self, name: &str) -> Option<f64> {
        self.of(name).map(|line| line.allocations)
    }
}

/// So many calls are counted: what is done once for all of them disappears among them.
pub const COUNTED_CALLS: u64 = 100;

/// Lets each subject be counted, after it was warmed up.
pub fn count(title: &str, against: Against, subjects: &mut [Subject<'_>]) {
    for subject in subjects {
        (subject.run)(COUNTED_CALLS, Meter::Nanoseconds);
        (subject.run)(COUNTED_CALLS, Meter::Instructions);
        println!("{title}\t{}\t{}", against.name(), subject.name);
    }
}

/// Measures a group; the first subject is the one that the others are compared with.
pub fn measure(plan: Plan, subjects: &mut [Subject<'_>]) -> Lines {
    let counts: Vec<u64> = subjects
        .iter_mut()
        .map(|subject| calls_per_slice(plan.slice, subject))
        .collect();
    let mut rounds: Vec<Vec<f64>> = Vec::with_capacity(plan.rounds);
    for round in 0..plan.rounds {
        let mut times = vec![0.0; subjects.len()];
        for step in 0..subjects.len() {
            let which = (round + step) % subjects.len();
            times[which] = (subjects[which].run)(counts[which], Meter::Nanoseconds);
        }
        rounds.push(times);
    }
    let line = |(which, subject): (usize, &mut Subject<'_>)| {
        let times: Vec<f64> = rounds.iter().map(|times| times[which]).collect();
        let ratios: Vec<f64> = rounds.iter().map(|times| times[which] / times[0]).collect();
        Line {
            name: subject.name.clone(),
            nanoseconds: median(times.clone()),
            spread: spread(ratios.clone()),
            ratio: median(ratios),
            allocations: (subject.run)(counts[which].min(100), Meter::Allocations),
            rounds: times,
        }
    };
    Lines(subjects.iter_mut().enumerate().map(line).collect())
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Half the distance between the quartiles, as a part of the median.
pub fn spread(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let quartiles = values[values.len() * 3 / 4] - values[values.len() / 4];
    quartiles / 2.0 / values[values.len() / 2]
}

/// From so many percent on, a figure says little.
const UNSTEADY: f64 = 25.0;

/// A spread as it stands in a table.
pub fn shown(spread: f64) -> String {
    let percent = (spread * 100.0).round();
    let mark = if percent < UNSTEADY { "" } else { " !" };
    format!("{percent}%{mark}")
}

/// How many calls fill a slice. Also warms the caches up.
fn calls_per_slice(slice: Duration, subject: &mut Subject<'_>) -> u64 {
    let wanted = slice.as_secs_f64() * 1e9;
    let mut calls = 1_u64;
    loop {
        let one = (subject.run)(calls, Meter::Nanoseconds);
        if one * calls as f64 * 4.0 >= wanted {
            return ((wanted / one) as u64).max(1);
        }
        calls *= 2;
    }
}

/// Prints a group as a table that Markdown understands.
pub fn print(title: &str, Lines(lines): &Lines) {
    println!("\n### {title}\n");
    println!("| way | ns | ratio | ± | allocations |");
    println!("|:--|--:|--:|--:|--:|");
    for line in lines {
        println!(
            "| {} | {:.0} | {:.2} | {} | {:.0} |",
            line.name,
            line.nanoseconds,
            line.ratio,
            shown(line.spread),
            line.allocations
        );
    }
}
