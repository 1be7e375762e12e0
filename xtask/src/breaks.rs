//! Promises that can be broken: each of these changes breaks one, and the test that carries its number has to notice.
//!
//! A test that cannot fail proves nothing. The source is copied to `target/breaks`, broken in one place, tested, and
//! mended again.

mod catalogue;
mod privacy;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cargo,
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

const BREAKS: &[Break] = &[
    Break {
        what: "V1 the body is not signed",
        file: "crates/wahook-core/src/proof/standard.rs",
        changes: &[(
            "            mac.update(frame);\n",
            "            mac.update(&frame[..0]);\n",
        )],
        package: "wahook-core",
        test: "v1_",
    },
    Break {
        what: "V2 a byte beyond the cap",
        file: "crates/wahook-tower/src/limit/layer.rs",
        changes: &[(
            "Self { cap_bytes, ..self }",
            "Self { cap_bytes: cap_bytes + 1, ..self }",
        )],
        package: "wahook-tower",
        test: "v2_",
    },
    Break {
        what: "V2 nobody makes room",
        file: "crates/wahook-gateway/src/server/places.rs",
        changes: &[(
            "while list.leaving.len() < list.newcomers.len() {",
            "while list.leaving.len() > list.newcomers.len() {",
        )],
        package: "wahook-gateway",
        test: "v2_at_the_cap_",
    },
    Break {
        what: "V2 one newcomer at a time",
        file: "crates/wahook-gateway/src/server/places.rs",
        changes: &[(
            "while list.leaving.len() < list.newcomers.len() {",
            "while list.leaving.len() < list.newcomers.len().min(1) {",
        )],
        package: "wahook-gateway",
        test: "v2_each_newcomer_",
    },
    Break {
        what: "V2 one sender has the thread",
        file: "crates/wahook-gateway/src/server/turns.rs",
        changes: &[("if self.left == 0 {", "if self.left > TURN {")],
        package: "wahook-gateway",
        test: "v2_who_sent_much_",
    },
    Break {
        what: "V2 refused ones have the thread",
        file: "crates/wahook-gateway/src/server/connection.rs",
        changes: &[(
            "                    task::yield_now().await;\n                }\n                drop",
            "                }\n                drop",
        )],
        package: "wahook-gateway",
        test: "v2_refused_requests_",
    },
    Break {
        what: "V5 one secret only",
        file: "crates/wahook-core/src/proof/standard.rs",
        changes: &[(
            "|| keys.any_other(at, feed,",
            "|| false && keys.any_other(at, feed,",
        )],
        package: "wahook-core",
        test: "v5_",
    },
    Break {
        what: "V7 the tolerance is skipped",
        file: "crates/wahook-core/src/proof/header.rs",
        changes: &[("if age > tolerance {", "if age > i128::MAX - tolerance {")],
        package: "wahook-core",
        test: "v7_",
    },
    Break {
        what: "G1 two holders at once",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "claim.until > now && claim.token != token {",
            "claim.until < now && claim.token != token {",
        )],
        package: "wahook-core",
        test: "g1_",
    },
    Break {
        what: "G1 looked up, then written in a second lock",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "            let place = |(record, _): &(Record, Held)| record.place();\n            state\n",
            "            drop(state);\n            state = self.lock();\n            let place = |(record, _): &(Record, Held)| record.place();\n            state\n",
        )],
        package: "wahook-interleavings",
        test: "memory::g1_",
    },
    Break {
        what: "G9 room looked at, then taken in a second lock",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "            let place = |(record, _): &(Record, Held)| record.place();\n            state\n",
            "            drop(state);\n            state = self.lock();\n            let place = |(record, _): &(Record, Held)| record.place();\n            state\n",
        )],
        package: "wahook-interleavings",
        test: "memory::g9_the_room_for_claims",
    },
    Break {
        what: "G9 who is at work is pushed out",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "        if now < self.next_end {\n            return;\n        }\n",
            "        self.in_flight.clear();\n",
        )],
        package: "wahook-interleavings",
        test: "memory::g9_whoever_is_at_work",
    },
    Break {
        what: "G9 stranded claims keep their room",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[("state.next_end = state.next_end.min(held.until);", "")],
        package: "wahook-interleavings",
        test: "memory::g9_the_room_of_a_stranded_claim",
    },
    Break {
        what: "G2 done in front before the shared store says so",
        file: "crates/wahook-core/src/guard/remembering.rs",
        changes: &[(
            "            self.memory().completing(name, digest, token, ttl, now);\n",
            "            self.memory().completing(name, digest, token, ttl, now);\n            self.memory().completed(name, digest, token, Settled::Done);\n",
        )],
        package: "wahook-interleavings",
        test: "remembering::g",
    },
    Break {
        what: "G5 the verbs of a claim overtake each other",
        file: "crates/wahook-tower/src/dedupe/life.rs",
        changes: &[(
            "        let mut left = settings.say(verb, held).await;\n",
            "        let (again, copy) = (settings.clone(), held.clone());\n        tokio::spawn(async move { again.say(Verb::Release, copy).await });\n        let mut left = settings.say(verb, held).await;\n",
        )],
        package: "wahook-tower",
        test: "schedules::",
    },
    Break {
        what: "G2 what is done is fresh",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "Some(done) if done.until > now => return",
            "Some(done) if done.until < now => return",
        )],
        package: "wahook-core",
        test: "g2_",
    },
    Break {
        what: "G4 a late holder settles",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "entry.get().1.token == token && entry.get().1.until > now => {",
            "entry.get().1.token == token => {",
        )],
        package: "wahook-core",
        test: "g4_",
    },
    Break {
        what: "G5 marked before the work",
        file: "crates/wahook-tower/src/dedupe/life.rs",
        changes: &[(
            "        let inner = &mut self.inner;\n",
            "        self.settings.say(Verb::Complete, held.clone()).await;\n        let inner = &mut self.inner;\n",
        )],
        package: "wahook-tower",
        test: "g5_status_error_panic_and_deadline",
    },
    Break {
        what: "A a copy is answered 409",
        file: "crates/wahook-tower/src/dedupe/life.rs",
        changes: &[(
            "self.settle(Ok(Answer::received()), held, endpoint.name()).await;\n    }\n\n    async fn fresh",
            "self.settle(Ok(Answer::status(StatusCode::CONFLICT)), held, endpoint.name()).await;\n    }\n\n    async fn fresh",
        )],
        package: "wahook-tower",
        test: "dedupe::",
    },
    Break {
        what: "N2 raw is lost on the way",
        file: "crates/wahook-core/src/model/form.rs",
        changes: &[
            (
                "#[serde(default, deserialize_with = \"present\")]",
                "#[serde(default)]",
            ),
            ("fn present<", "#[allow(dead_code)] fn present<"),
        ],
        package: "wahook-providers",
        test: "contract::n1_",
    },
    Break {
        what: "I1 answered without a flush",
        file: "crates/wahook-sqlite/src/connect.rs",
        changes: &[
            ("const FULL: i64 = 2;", "const FULL: i64 = 1;"),
            ("\"PRAGMA synchronous = full;", "\"PRAGMA synchronous = normal;"),
        ],
        package: "wahook-e2e",
        test: "durable::i1_with_a_disk_that_forgets",
    },
    Break {
        what: "I3 a lane ignores order",
        file: "crates/wahook-sqlite/src/inbox/lanes.rs",
        changes: &[(
            "e.state = 0 ORDER BY e.turn LIMIT ?3",
            "e.state = 0 ORDER BY e.turn DESC LIMIT ?3",
        )],
        package: "wahook-sqlite",
        test: "i3_",
    },
    Break {
        what: "I3 done before the sink is",
        file: "crates/wahook-worker/src/lane.rs",
        changes: &[(
            "done: entries.iter().take(verdict.done).map(id).collect(),",
            "done: entries.iter().map(id).collect(),",
        )],
        package: "wahook-worker",
        test: "i3_",
    },
    Break {
        what: "P1 a secret shows itself",
        file: "crates/wahook-core/src/secret.rs",
        changes: &[("f.write_str(\"Secret(…)\")", "f.write_str(self.expose())")],
        package: "wahook-core",
        test: "v4_",
    },
];

fn all() -> impl Iterator<Item = &'static Break> {
    BREAKS.iter().chain(catalogue::BREAKS).chain(privacy::BREAKS)
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
    for one in chosen {
        steps.step(one.what, || one.try_on(&copy));
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

    fn try_on(&self, copy: &Path) -> Outcome {
        let file = copy.join("source").join(self.file);
        let source = fs::read_to_string(&file)?;
        fs::write(&file, self.broken(&source)?)?;
        let tested = self.tested(copy);
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
    fn tested(&self, copy: &Path) -> Result<String, Failure> {
        let target = copy.join("target");
        let mut command = cargo::cargo(["test", "--locked", "--no-fail-fast", "--all-features", "--tests"]);
        command
            .args(["-p", self.package, self.test])
            .current_dir(copy.join("source"))
            .env("CARGO_TARGET_DIR", target)
            .env("RUST_BACKTRACE", "0");
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
