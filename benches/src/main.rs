//! wahook measured against what people use today, side by side in one process.
//!
//! `wahook-benches [--quick] [--list] [filter]`; a filter is a part of a group's name. Each table is Markdown: median
//! time of one call, median ratio to the first line, half the distance between the quartiles of that ratio, and how
//! often a call asks for memory. Other groups have columns of their own. The last table says which goals were missed. A
//! group that panics, or a program that is not here, is named at the end and fails the run; the latter not with `--quick`.
//!
//! `--count` counts the instructions of the groups that only compute, `--check` fails where there are more than
//! `recorded.toml` says, `--record` writes it.

mod apps;
mod client;
mod count;
mod durable;
mod forward;
mod gateway;
mod guard;
mod harness;
mod node;
mod open_loop;
mod over_http;
mod program;
mod read;
mod report;
mod request;
mod stack;
mod stores;
mod verify;
mod whole;

use std::process::ExitCode;

use self::{harness::Plan, report::Report};

/// A question, and how it is answered.
struct Group {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Report),
    /// Whether its instructions are counted too: it waits for nothing, and is the same each time.
    is_counted: bool,
}

const GROUPS: &[Group] = &[
    verify::GROUP,
    read::GROUP,
    guard::GROUP,
    whole::GROUP,
    stores::GROUP,
    stack::GROUP,
    over_http::GROUP,
    durable::GROUP,
    gateway::GROUP,
];

fn main() -> ExitCode {
    let mut plan = Plan::FULL;
    let mut counts = None;
    let mut is_counted = false;
    let mut is_slowed = false;
    let mut filter = String::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => plan = Plan::QUICK,
            "--list" => {
                for group in GROUPS {
                    println!("{:<8} {}", group.name, group.about);
                }
                return ExitCode::SUCCESS;
            }
            "--count" => counts = Some(count::Then::Print),
            "--check" => counts = Some(count::Then::Check),
            "--record" => counts = Some(count::Then::Record),
            count::COUNTED => is_counted = true,
            durable::SLOWED => is_slowed = true,
            option if option.starts_with('-') => {
                eprintln!(
                    "unknown option {option}: there are --quick, --list, --count, --check and --record"
                );
                return ExitCode::from(2);
            }
            _ => filter = argument,
        }
    }
    if let Some(then) = counts {
        return count::run(then);
    }
    if is_slowed {
        durable::slowed(Report::new(plan, false));
        return ExitCode::SUCCESS;
    }
    let mut groups = GROUPS
        .iter()
        .filter(|group| group.name.contains(&filter))
        .filter(|group| group.is_counted || !is_counted)
        .peekable();
    if groups.peek().is_none() {
        eprintln!("no group is named so: `--list` names them");
        return ExitCode::from(2);
    }
    let mut report = Report::new(plan, is_counted);
    for group in groups {
        report.group(group);
    }
    report.finish()
}
