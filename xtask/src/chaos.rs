//! Runs in which everything fails: `cargo xtask chaos`, and as a step of the tests. `tests/chaos` is what runs.
//!
//! A check that cannot fail proves nothing: `--break` takes a copy of the repository, breaks one promise in one line of it,
//! and demands that the run finds just that.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::{
    breaks, cargo,
    step::{Done, Failure, Outcome, Steps},
    test::Services,
};

/// So many runs may miss a broken promise, since what fails when is chance.
const RUNS: usize = 3;

/// A promise that is broken on purpose.
struct Break {
    name: &'static str,
    /// Where it shows.
    scene: &'static str,
    /// What of the program is changed.
    change: Change,
    /// What the run has to say, in the words of `tests/chaos/src/check/mod.rs`.
    found: &'static str,
}

enum Change {
    /// An argument.
    Argument(&'static str),
    /// A line of the sources.
    Line {
        file: &'static str,
        from: &'static str,
        to: &'static str,
    },
}

const BREAKS: &[Break] = &[
    Break {
        name: "normal",
        scene: "sqlite",
        change: Change::Argument("--synchronous-normal"),
        found: "what was answered with 200 is stored",
    },
    Break {
        name: "done-first",
        scene: "sqlite",
        change: Change::Line {
            file: "crates/wahook-worker/src/lane.rs",
            from: "        let outcome = self.hand_over(&events).await;\n",
            to: "        let mut all = Delivered::default();\n        all.done = events.len();\n        \
                 if let Some(verdict) = self.judge(Outcome::Said(all), events.len(), None) {\n            \
                 self.settle(self.settlement(&verdict)).await;\n        }\n        \
                 let outcome = self.hand_over(&events).await;\n",
        },
        found: "what was acknowledged or stored reaches every sink, or is a dead letter",
    },
    Break {
        name: "order",
        scene: "postgres",
        change: Change::Line {
            file: "crates/wahook-postgres/src/inbox/take.rs",
            from: "ORDER BY a.place, e.pos\"",
            to: "ORDER BY a.place, e.pos DESC\"",
        },
        found: "each conversation is handed over in the order of acceptance",
    },
    Break {
        name: "again",
        scene: "sqlite",
        change: Change::Line {
            file: "crates/wahook-sqlite/src/inbox/recall.rs",
            from: "         UPDATE inbox_unread SET unreadable = 0 WHERE unreadable = 1;\",\n",
            to: "         UPDATE inbox_unread SET unreadable = 0 WHERE unreadable = 1;\n         \
                 UPDATE inbox_entry SET state = 0 WHERE state = 1;\n         \
                 INSERT OR IGNORE INTO inbox_lane (id, sink, due_at, turn, taken)\n         \
                 SELECT DISTINCT lane, sink, 0, 0, 0 FROM inbox_entry WHERE state = 0;\",\n",
        },
        found: "what a sink confirmed is not handed over again, unless the mark may be lost",
    },
    Break {
        name: "given-up",
        scene: "sqlite",
        change: Change::Line {
            file: "crates/wahook-worker/src/retries.rs",
            from: "Reason::Unavailable | Reason::Deadline | Reason::NotYet => tired && age >= self.give_up_after,",
            to: "Reason::Unavailable | Reason::Deadline | Reason::NotYet => times > 0 || age >= self.give_up_after,",
        },
        found: "a dead letter is what its sink refused for good",
    },
    Break {
        name: "always-fresh",
        scene: "redis",
        change: Change::Line {
            file: "crates/wahook-tower/src/dedupe/verbs.rs",
            from: "        self.in_time(self.store.claim(&held.key, held.digest, held.token, self.lease))\n",
            to: "        let claim = self.in_time(self.store.claim(&held.key, held.digest, held.token, self.lease));\n        \
                 async move { claim.await.map(|_| Claim::Fresh { conflict: false }) }\n",
        },
        found: "what is handed over again has the same key and a higher attempt",
    },
    Break {
        name: "marked-first",
        scene: "redis",
        change: Change::Line {
            file: "crates/wahook-tower/src/dedupe/life.rs",
            from: "        let outcome = match self.call(fresh) {\n",
            to: "        self.settings.say(Verb::Complete, held.to_vec()).await;\n        let outcome = match self.call(fresh) {\n",
        },
        found: "what was acknowledged or stored reaches every sink, or is a dead letter",
    },
];

/// `cargo xtask chaos …`; nothing if it is called wrongly.
pub(crate) fn run(arguments: &[&str]) -> Option<ExitCode> {
    if let ["--break", name] = *arguments {
        return broken(name);
    }
    let mut passed = Vec::new();
    let mut services = Services::Used;
    let mut seconds = MINUTE;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--long" => seconds = TEN_MINUTES,
            "--no-services" => services = Services::LeftOut,
            option @ ("--seed" | "--check") => passed.extend([option, arguments.next()?]),
            option @ "--keep" => passed.push(option),
            _ => return None,
        }
    }
    if !passed.contains(&"--check") {
        passed.extend(["--seconds", seconds]);
        if services == Services::LeftOut {
            println!("not run: what needs Redis or PostgreSQL");
            passed.extend(WITHOUT_SERVICES);
        }
    }
    Some(cargo::pass_through(
        cargo::cargo(PROGRAM.iter().copied()).args(passed),
    ))
}

const MINUTE: &str = "60";
const TEN_MINUTES: &str = "600";
const PROGRAM: &[&str] = &["run", "--quiet", "-p", "wahook-chaos", "--bin", "chaos", "--"];
const WITHOUT_SERVICES: [&str; 2] = ["--scene", "sqlite"];

/// A minute of it, as a step.
pub(crate) fn minute(steps: &mut Steps, services: Services) {
    steps.step("chaos", || {
        let mut command = cargo::cargo(PROGRAM.iter().copied());
        command.args(["--seconds", MINUTE]);
        if services == Services::LeftOut {
            command.args(WITHOUT_SERVICES);
        }
        let output = cargo::run(&mut command)?;
        let [seed, verdict] =
            [output.lines().next(), output.lines().next_back()].map(Option::unwrap_or_default);
        let seed = seed.split(';').next().unwrap_or_default();
        Ok(Done::Said(format!("{verdict}, {seed}")))
    });
    if services == Services::LeftOut {
        steps.step("chaos with servers", || {
            Ok(Done::NotRun("`--no-services`".to_owned()))
        });
    }
}

/// Breaks promises, one after the other, and looks whether each is found.
fn broken(name: &str) -> Option<ExitCode> {
    let breaks: Vec<_> = BREAKS
        .iter()
        .filter(|one| name == "all" || one.name == name)
        .collect();
    if breaks.is_empty() {
        let names: Vec<_> = BREAKS.iter().map(|one| one.name).collect();
        eprintln!("nothing is broken under that name: all, {}", names.join(", "));
        return None;
    }
    let mut steps = Steps::new();
    for one in breaks {
        steps.step(&format!("broken: {}", one.name), || one.is_found());
    }
    Some(steps.finish())
}

impl Break {
    fn is_found(&self) -> Outcome {
        let program = match &self.change {
            Change::Argument(_) => build(cargo::root(), &cargo::members()?.target_directory)?,
            Change::Line { file, from, to } => {
                let copy = cargo::root().join("target/breaks");
                let source = copy.join("source");
                breaks::copied(&source)?;
                let file = source.join(file);
                let text = fs::read_to_string(&file)?;
                fs::write(&file, breaks::changed(&text, from, to)?)?;
                build(&source, &copy.join("target"))?
            }
        };
        let mut last = String::new();
        for run in 1..=RUNS {
            let mut command = Command::new(&program);
            command
                .args(["--seconds", MINUTE, "--scene", self.scene])
                .current_dir(cargo::root());
            if let Change::Argument(argument) = self.change {
                command.arg(argument);
            }
            let output = command.output()?;
            last = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.code() == Some(1) && last.contains(&format!("NOT SO: {}: ", self.found)) {
                return Ok(Done::Said(format!("found in run {run}: {}", rules(&last))));
            }
        }
        Err(Failure {
            what: format!("{RUNS} runs do not find what breaks {}", self.found),
            output: last,
        })
    }
}

/// What a run found, rule by rule.
fn rules(output: &str) -> String {
    let rules = output.lines().filter_map(|line| line.strip_prefix("NOT SO: "));
    rules.collect::<Vec<_>>().join("; ")
}

/// Builds the program of a workspace. A copy of this one must not share its target: cargo would take what was built of
/// the one for what is to be built of the other.
fn build(workspace: &Path, target: &Path) -> Result<PathBuf, Failure> {
    let mut command = cargo::cargo([
        "build",
        "--quiet",
        "--locked",
        "-p",
        "wahook-chaos",
        "--bin",
        "chaos",
    ]);
    cargo::run(command.current_dir(workspace).env("CARGO_TARGET_DIR", target))?;
    Ok(target.join("debug/chaos"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_broken_stands_in_the_sources() {
        let rules = fs::read_to_string(cargo::root().join("tests/chaos/src/check/mod.rs")).unwrap();
        for one in BREAKS {
            assert!(rules.contains(one.found), "{} is no rule", one.found);
            if let Change::Line { file, from, to } = one.change {
                let text = fs::read_to_string(cargo::root().join(file)).unwrap();
                assert_ne!(breaks::changed(&text, from, to).unwrap(), text, "{file}");
            }
        }
    }
}
