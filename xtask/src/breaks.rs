//! Promises that can be broken: each of these changes breaks one, and the test that carries its number has to notice.
//!
//! A test that cannot fail proves nothing. The source is copied to `target/breaks`, broken in one place, tested, and
//! mended again.

mod catalogue;
mod manage;
mod meta;
mod privacy;
mod promises;
mod queues;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cargo,
    services::{Servers, without},
    step::{Done, Failure, Outcome, Steps},
};

/// One line of the source, as it is and as it must not be.
struct Break {
    /// The promise, and what becomes of it.
    what: &'static str,
    file: &'static str,
    /// Each stands in the file once. None makes a test run for ever: nobody would end it.
    changes: &'static [(&'static str, &'static str)],
    package: &'static str,
    /// Which of its tests have to notice: part of a name.
    test: &'static str,
}

/// Packages whose promises are kept together with a server.
const SERVED: [&str; 3] = ["wahook-nats", "wahook-rabbitmq", "wahook-redis"];

fn all() -> impl Iterator<Item = &'static Break> {
    let tables = [
        promises::BREAKS,
        catalogue::BREAKS,
        privacy::BREAKS,
        manage::BREAKS,
        meta::BREAKS,
        queues::BREAKS,
    ];
    tables.into_iter().flatten()
}

/// Every change still fits the source: without running any test.
pub(crate) fn fit() -> Outcome {
    for one in all() {
        one.broken(&fs::read_to_string(cargo::root().join(one.file))?)?;
    }
    Ok(Done::Said(format!("{} breaks", all().count())))
}

/// Breaks each whose promise contains the filter, and has the tests notice.
pub(crate) fn run(steps: &mut Steps, filter: &str) {
    let copy = cargo::root().join("target/breaks");
    if let Err(failure) = copied(&copy.join("source")) {
        return steps.step("a copy of the source", || Err(failure));
    }
    let chosen: Vec<_> = all().filter(|one| one.what.contains(filter)).collect();
    if chosen.is_empty() {
        let names = all().map(|one| one.what).collect::<Vec<_>>().join("\n");
        let why = format!("nothing of what is broken has `{filter}` in its name; there are:\n{names}");
        return steps.step("breaks", || Err(Failure::new(why)));
    }
    let mut servers = Servers::LeftOut;
    if chosen.iter().any(|one| one.needs_servers()) {
        steps.step("servers for tests", || {
            servers = Servers::find_or_start().map_err(|error| without(&error))?;
            servers.said()
        });
    }
    for one in chosen {
        steps.step(one.what, || one.try_on(&copy, &servers));
    }
}

impl Break {
    fn broken(&self, source: &str) -> Result<String, Failure> {
        let mut broken = source.to_owned();
        for (from, to) in self.changes {
            broken = changed(&broken, from, to).map_err(|failure| Failure {
                what: format!("{}: in {} {}", self.what, self.file, failure.what),
                ..failure
            })?;
        }
        Ok(broken)
    }

    /// Whether its tests are those that a plain run leaves out.
    fn needs_servers(&self) -> bool {
        SERVED.contains(&self.package)
    }

    fn try_on(&self, copy: &Path, servers: &Servers) -> Outcome {
        let file = copy.join("source").join(self.file);
        let source = fs::read_to_string(&file)?;
        fs::write(&file, self.broken(&source)?)?;
        let tested = self.tested(copy, servers);
        fs::write(&file, source)?;
        let output = tested?;
        if output.contains("error: could not compile") {
            return Err(Failure {
                output,
                ..Failure::new("broken like this it does not compile; break it in another way")
            });
        }
        let noticed: BTreeSet<&str> = output
            .lines()
            .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
            .collect();
        match noticed.first() {
            Some(first) => Ok(Done::Said(match noticed.len() - 1 {
                0 => (*first).to_owned(),
                more => format!("{first}, and {more} more"),
            })),
            None => Err(Failure {
                output,
                ..Failure::new(format!("no test `{}` of {} noticed", self.test, self.package))
            }),
        }
    }

    /// What the tests say, in red or green.
    fn tested(&self, copy: &Path, servers: &Servers) -> Result<String, Failure> {
        let target = copy.join("target");
        let mut command = cargo::cargo(["test", "--locked", "--no-fail-fast", "--all-features", "--tests"]);
        command
            .args(["-p", self.package, self.test])
            .current_dir(copy.join("source"))
            .env("CARGO_TARGET_DIR", target)
            .env("RUST_BACKTRACE", "0");
        if self.needs_servers() {
            command.args(["--", "--include-ignored"]);
            servers.tell(&mut command);
        }
        Ok(cargo::run(&mut command).unwrap_or_else(|failure| failure.output))
    }
}

/// A text in which what stands there once is something else.
pub(crate) fn changed(text: &str, from: &str, to: &str) -> Result<String, Failure> {
    match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => Err(Failure::new(format!(
            "{from:?} stands {count} times, and should once; change what breaks it"
        ))),
    }
}

/// Copies what git knows or would know. What is the same already keeps its time, so that it is not compiled again.
pub(crate) fn copied(to: &Path) -> Result<(), Failure> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(cargo::root());
    let listed = cargo::run(&mut git)?;
    let mut copies = BTreeSet::new();
    for file in listed.lines() {
        let copy = to.join(file);
        // It may be removed, and git not told yet.
        let Ok(bytes) = fs::read(cargo::root().join(file)) else {
            continue;
        };
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        if !fs::read(&copy).is_ok_and(|same| same == bytes) {
            fs::write(&copy, bytes)?;
        }
        copies.insert(copy);
    }
    without_others(to, &copies)
}

/// Removes what was copied once and is no more.
fn without_others(folder: &Path, copies: &BTreeSet<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            without_others(&path, copies)?;
        } else if !copies.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
