//! Instructions instead of time: they repeat, so that a machine that others use can compare them.
//!
//! `valgrind` runs this program once more, and counts what happens inside of [`crate::harness::counted`]. It hides the
//! processor's SHA instructions, so hashing takes a larger part there than it really does, and hides more of the rest.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::harness::COUNTED_CALLS;

/// What `valgrind` runs this program with.
pub const COUNTED: &str = "--counted";

/// What is done with the counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    Print,
    Check,
    Record,
}

/// By table, by subject.
type Recorded = BTreeMap<String, BTreeMap<String, Counted>>;

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
struct Counted {
    /// Instructions of one call.
    instructions: u64,
    /// Over those of the first subject.
    ratio: f64,
}

/// The same in the order in which it was counted: instructions only.
type Tables = Vec<(String, Vec<(String, u64)>)>;

/// So much worse is worse.
const TOLERANCE: f64 = 1.1;

pub fn run(then: Then) -> ExitCode {
    match counted().and_then(|counted| finish(then, &counted)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

type Failed = Box<dyn std::error::Error>;

fn finish(then: Then, counted: &Tables) -> Result<ExitCode, Failed> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded.toml");
    let known: Recorded = match fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text)?,
        Err(_) => Recorded::new(),
    };
    let mut now = Recorded::new();
    let mut worse = Vec::new();
    println!("| what | way | instructions | ratio | recorded |");
    println!("|:--|:--|--:|--:|--:|");
    for (table, subjects) in counted {
        let Some((_, first)) = subjects.first() else {
            continue;
        };
        for (name, instructions) in subjects {
            let counted = Counted {
                instructions: *instructions,
                ratio: (*instructions as f64 / *first as f64 * 1000.0).round() / 1000.0,
            };
            let recorded = known.get(table).and_then(|table| table.get(name));
            let said = recorded.map_or("-".to_owned(), |recorded| format!("{:.3}", recorded.ratio));
            println!(
                "| {table} | {name} | {instructions} | {:.3} | {said} |",
                counted.ratio
            );
            // Peers are there to be compared with, and get no worse by what we do.
            if name.starts_with("wahook") {
                match recorded {
                    Some(recorded) if counted.ratio > recorded.ratio * TOLERANCE => {
                        worse.push(format!(
                            "{table}: {name}: ratio {:.3}, and was {:.3}",
                            counted.ratio, recorded.ratio
                        ));
                    }
                    Some(_) => {}
                    None => worse.push(format!("{table}: {name}: nothing is recorded of it")),
                }
            }
            now.entry(table.clone())
                .or_default()
                .insert(name.clone(), counted);
        }
    }
    for (table, subjects) in &known {
        for name in subjects.keys() {
            if now.get(table).is_none_or(|table| !table.contains_key(name)) {
                worse.push(format!("{table}: {name}: it is recorded, and was not counted"));
            }
        }
    }
    match then {
        Then::Print => {}
        Then::Record => fs::write(file, toml::to_string(&now)?)?,
        Then::Check if worse.is_empty() => println!("\nnothing is worse than recorded"),
        Then::Check => {
            for line in worse {
                println!("WORSE {line}");
            }
            println!("\nif it is meant: `cargo xtask bench --record`");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Table by table, the instructions of one call of each subject.
fn counted() -> Result<Tables, Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("counted");
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .args(["--toggle-collect=*::counted", "--dump-after=*::counted"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .arg(COUNTED)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            format!("valgrind does not start: {error} (Debian, Ubuntu: apt-get install valgrind)")
        })?;
    if !output.status.success() {
        return Err(format!("valgrind said {}", output.status).into());
    }
    let names = String::from_utf8(output.stdout)?;
    let mut tables: Tables = Vec::new();
    for (number, line) in (1..).zip(names.lines()) {
        let (table, subject) = line.split_once('\t').ok_or("a line without a subject")?;
        let dump = PathBuf::from(format!("{}.{number}", file.display()));
        let instructions = instructions(&fs::read_to_string(&dump)?) / COUNTED_CALLS;
        if instructions == 0 {
            return Err(format!("no instruction of {table}, {subject} was counted").into());
        }
        if tables.last().is_none_or(|(last, _)| last != table) {
            tables.push((table.to_owned(), Vec::new()));
        }
        if let Some((_, subjects)) = tables.last_mut() {
            subjects.push((subject.to_owned(), instructions));
        }
    }
    if tables.is_empty() {
        return Err("nothing was counted".into());
    }
    Ok(tables)
}

/// What one dump says in all.
fn instructions(dump: &str) -> u64 {
    let of = |word| {
        let mut lines = dump.lines();
        lines.find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
    };
    of("summary:").or_else(|| of("totals:")).unwrap_or(0)
}
