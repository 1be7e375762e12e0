//! The long runs of what tries the order of things: every interleaving of threads in the guard stores, and many random
//! schedules of the rest. The short ones are among the usual tests.

use crate::{
    cargo,
    step::{Done, Failure, Outcome, Steps},
};

/// How many schedules there are if nobody says.
pub(crate) const SCHEDULES: &str = "100000";

/// Each a step: its name, and the test that it runs.
const RUNS: &[(&str, &[&str])] = &[
    (
        "guard stores, every order",
        &["-p", "wahook-interleavings", "--test", "interleavings"],
    ),
    (
        "life of a claim",
        &["-p", "wahook-tower", "--test", "it", "schedules::"],
    ),
    (
        "inbox in memory",
        &["-p", "wahook-testkit", "--test", "it", WHATEVER],
    ),
    (
        "inbox in SQLite",
        &["-p", "wahook-sqlite", "--test", "it", WHATEVER],
    ),
];

const WHATEVER: &str = "i2_to_i6_hold_in_whatever_order_things_happen";

pub(crate) fn run(steps: &mut Steps, schedules: &str) {
    for (name, test) in RUNS {
        steps.step(name, || long(test, schedules));
    }
}

fn long(test: &[&str], schedules: &str) -> Outcome {
    if schedules.parse::<u64>().is_err() {
        return Err(Failure::new(format!("`{schedules}` is no number of schedules")));
    }
    let output = cargo::run(
        cargo::cargo(["test", "--release"])
            .args(test)
            .env("WAHOOK_INTERLEAVINGS", "all")
            .env("WAHOOK_SCHEDULES", schedules),
    )?;
    let ran = output
        .lines()
        .any(|line| line.starts_with("test result: ok. ") && !line.starts_with("test result: ok. 0 passed"));
    if ran {
        Ok(Done::Ok)
    } else {
        Err(Failure {
            what: "the test was not found".to_owned(),
            output,
        })
    }
}
