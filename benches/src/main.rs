//! wahook measured against what people use today, side by side in one process.
//!
//! `wahook-benches [--quick] [--list] [filter]`; a filter is a part of a group's name. Each table is Markdown: median
//! time of one call, median ratio to the first line, half the distance between the quartiles of that ratio, and how
//! often a call asks for memory. The group `stores` has columns of its own.

mod apps;
mod durable;
mod guard;
mod harness;
mod over_http;
mod read;
mod request;
mod stack;
mod stores;
mod verify;

use std::process::ExitCode;

use self::harness::Plan;

/// A question, and how it is answered.
struct Group {
    name: &'static str,
    about: &'static str,
    run: fn(Plan),
}

const GROUPS: &[Group] = &[
    verify::GROUP,
    read::GROUP,
    guard::GROUP,
    stores::GROUP,
    stack::GROUP,
    over_http::GROUP,
    durable::GROUP,
];

fn main() -> ExitCode {
    let mut plan = Plan::FULL;
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
            option if option.starts_with('-') => {
                eprintln!("unknown option {option}: there are --quick and --list");
                return ExitCode::from(2);
            }
            _ => filter = argument,
        }
    }
    let mut groups = GROUPS
        .iter()
        .filter(|group| group.name.contains(&filter))
        .peekable();
    if groups.peek().is_none() {
        eprintln!("no group is named so: `--list` names them");
        return ExitCode::from(2);
    }
    for group in groups {
        println!("\n## {}: {}", group.name, group.about);
        (group.run)(plan);
    }
    ExitCode::SUCCESS
}
