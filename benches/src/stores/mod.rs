//! The guard stores, each against the bare client that makes the same round trips.
//!
//! The bare ones know that a key was there, and no more: no holder, no lease that is refused to a late one, no second
//! body under a key.

mod bench;
mod growth;
mod inbox;
mod memory;
mod postgres;
mod race;
mod redis;
mod sqlite;
mod threads;

use std::path::Path;

use self::{bench::Bench, growth::Growth};
use crate::{Group, report::Report};

pub const GROUP: Group = Group {
    name: "stores",
    about: "a key is claimed in each guard store, against the bare client with as many round trips",
    run,
    is_counted: false,
};

/// A store's tables, and how it grows; an error if its server is not to be had.
type Part = fn(&Bench, &mut Report) -> std::io::Result<Growth>;

const PARTS: [(&str, Part); 6] = [
    ("memory", |bench, report| Ok(memory::run(bench, report))),
    ("SQLite", sqlite::run),
    ("Redis", redis::run),
    ("PostgreSQL", postgres::run),
    ("SQLite inbox", inbox::sqlite),
    ("PostgreSQL inbox", inbox::postgres),
];

fn run(report: &mut Report) {
    let plan = report.plan;
    println!(
        "\nClosed loop: a task calls again as soon as it was answered. Servers and callers share this machine's {} cores. Rates \
         are medians of {} rounds, latencies come from all calls of all rounds, `× bare` is the ratio of the rates inside a round.",
        std::thread::available_parallelism().map_or(1, usize::from),
        plan.waiting_rounds,
    );
    let bench = Bench::new(plan);
    let mut growth = Vec::new();
    for (name, part) in PARTS {
        match part(&bench, report) {
            Ok(line) => growth.push(line),
            Err(error) => report.left_out(&format!("stores, {name}"), error),
        }
    }
    growth::print(&bench, &growth, report);
}

/// What a folder lies on, where the system says so: a flush costs nothing in memory.
fn disk(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mount = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| place.len());
    match mount {
        Some((_, kind @ ("tmpfs" | "ramfs"))) => format!("{kind}: NOT A DISK"),
        Some((_, kind)) => kind.to_owned(),
        None => "a disk of no known kind".to_owned(),
    }
}
