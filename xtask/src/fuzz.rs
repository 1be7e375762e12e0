//! Fuzzing: builds the targets with the engine, runs them, and keeps what they found.
//!
//! The engine is libFuzzer, driven by ourselves: with a stable compiler, since what it needs are flags of LLVM that
//! rustc passes on. `cargo-fuzz --sanitizer none` does the same; there is no unsafe code of ours that a sanitizer
//! would look at.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{cargo, step::Failure};

/// What makes libFuzzer see where an input goes, and with what it is compared.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What is asked for.
#[derive(Debug)]
struct Asked {
    target: Option<String>,
    minutes: u64,
    record: bool,
    keep: bool,
}

/// A target, as the program lists it.
#[derive(Clone, Debug)]
struct Target {
    name: String,
    longest: String,
}

/// What was run so far, for the documentation: `fuzz/runs.json`.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Runs {
    command: String,
    targets: BTreeMap<String, Run>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Run {
    seconds: u64,
    executions: u64,
}

/// Exit codes: 0 nothing was found, 1 something was, 2 wrong use, 3 it could not be run.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let Some(asked) = read(arguments) else {
        eprintln!(
            "cargo xtask fuzz [TARGET] [--minutes N] [--record] [--keep]: --record adds it to fuzz/runs.json, --keep adds what \
             it learned to fuzz/corpus"
        );
        return ExitCode::from(2);
    };
    if std::env::var_os("CXX").is_none() && !cargo::exists("c++", "--version") {
        println!(
            "not run: libFuzzer is C++, and there is no c++ (Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install)"
        );
        return ExitCode::from(3);
    }
    match fuzz(&asked) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(failure) => {
            println!("not run: {}\n{}", failure.what, failure.output);
            ExitCode::from(3)
        }
    }
}

fn read(arguments: &[&str]) -> Option<Asked> {
    let mut asked = Asked {
        target: None,
        minutes: 10,
        record: false,
        keep: false,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--minutes" => asked.minutes = rest.next()?.parse().ok().filter(|minutes| *minutes > 0)?,
            "--record" => asked.record = true,
            "--keep" => asked.keep = true,
            name if !name.starts_with('-') && asked.target.is_none() => asked.target = Some(name.to_owned()),
            _ => return None,
        }
    }
    Some(asked)
}

/// How many targets found something.
fn fuzz(asked: &Asked) -> Result<usize, Failure> {
    let program = build()?;
    let all = targets(&program)?;
    let chosen: Vec<_> = match &asked.target {
        None => all,
        Some(name) => {
            let known: Vec<_> = all.iter().map(|target| target.name.clone()).collect();
            let chosen: Vec<_> = all.into_iter().filter(|target| target.name == *name).collect();
            if chosen.is_empty() {
                return Err(Failure::new(format!(
                    "there is no target {name}; there are {}",
                    known.join(", ")
                )));
            }
            chosen
        }
    };
    let each = Duration::from_secs(asked.minutes * 60) / u32::try_from(chosen.len()).unwrap_or(1);
    let mut found = 0;
    for target in chosen {
        let begun = Instant::now();
        let (executions, good) = search(&program, &target, each)?;
        let took = begun.elapsed();
        println!(
            "{:<12} {:>5} s {executions:>12} executions  {}",
            target.name,
            took.as_secs(),
            if good { "nothing found" } else { "FOUND SOMETHING" }
        );
        found += usize::from(!good);
        if asked.record {
            record(&target.name, took, executions)?;
        }
        if asked.keep {
            keep(&program, &target)?;
        }
    }
    Ok(found)
}

fn fuzz_folder() -> PathBuf {
    cargo::root().join("fuzz")
}

/// Builds the one program of all targets. With `--target`, so that build scripts and macros are not instrumented.
fn build() -> Result<PathBuf, Failure> {
    let host = cargo::host()?;
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--features",
        "engine,svix",
        "--target-dir",
        "fuzz/target",
        "--target",
        &host,
    ];
    cargo::run(cargo::cargo(arguments).env("RUSTFLAGS", COVERAGE))?;
    Ok(fuzz_folder()
        .join("target")
        .join(host)
        .join("release/wahook-fuzz"))
}

fn targets(program: &Path) -> Result<Vec<Target>, Failure> {
    let listed = cargo::read(Command::new(program).env("WAHOOK_FUZZ_TARGET", "list"))?;
    let target = |line: &str| {
        let (name, longest) = line.split_once(' ')?;
        Some(Target {
            name: name.to_owned(),
            longest: longest.to_owned(),
        })
    };
    Ok(listed.lines().filter_map(target).collect())
}

/// The folders of a target: what it learns, its seeds, and what is checked in.
fn folders(target: &Target) -> Result<[PathBuf; 3], Failure> {
    let folders =
        ["corpus", "seeds", "kept"].map(|name| fuzz_folder().join("target").join(name).join(&target.name));
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let [_, _, kept] = &folders;
    for (number, input) in read_corpus(target)?.into_iter().enumerate() {
        let bytes: Vec<u8> = input
            .chars()
            .filter_map(|letter| u8::try_from(letter).ok())
            .collect();
        fs::write(kept.join(number.to_string()), bytes)?;
    }
    Ok(folders)
}

/// What is checked in: a list of inputs, each a text whose letters are its bytes.
fn corpus_file(target: &Target) -> PathBuf {
    fuzz_folder().join("corpus").join(format!("{}.json", target.name))
}

fn read_corpus(target: &Target) -> Result<Vec<String>, Failure> {
    let file = corpus_file(target);
    match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|error| Failure::new(format!("{} is not what we write: {error}", file.display()))),
        Err(_) => Ok(Vec::new()),
    }
}

/// As many as fit into the room of one target, by their names, which are digests: by chance, and always the same.
fn write_corpus(target: &Target, folder: &Path) -> Result<(), Failure> {
    let mut names: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let (mut lines, mut bytes) = (Vec::new(), 0);
    for name in names {
        let input = fs::read(name)?;
        bytes += input.len();
        if bytes > CORPUS_BYTES {
            break;
        }
        let text: String = input.into_iter().map(char::from).collect();
        lines.push(serde_json::to_string(&text).map_err(|error| Failure::new(error.to_string()))?);
    }
    fs::write(corpus_file(target), format!("[\n{}\n]\n", lines.join(",\n")))?;
    Ok(())
}

/// How much of a target is checked in.
const CORPUS_BYTES: usize = 48 * 1024;

/// Runs one target for a time; how many inputs it tried, and whether all was well.
fn search(program: &Path, target: &Target, time: Duration) -> Result<(u64, bool), Failure> {
    let [learned, seeds, kept] = folders(target)?;
    cargo::run(
        Command::new(program)
            .env("WAHOOK_FUZZ_TARGET", &target.name)
            .env("WAHOOK_FUZZ_SEEDS", &seeds),
    )?;
    let findings = fuzz_folder().join("target/findings");
    fs::create_dir_all(&findings)?;
    let log = fuzz_folder().join("target").join(format!("{}.log", target.name));
    let status = Command::new(program)
        .env("WAHOOK_FUZZ_TARGET", &target.name)
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-max_len={}", target.longest))
        .arg(format!(
            "-artifact_prefix={}/{}-",
            findings.display(),
            target.name
        ))
        .arg(format!("-dict={}", fuzz_folder().join("words.dict").display()))
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024"])
        .args([&learned, &seeds, &kept])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .status()?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let executions = said
        .lines()
        .find_map(|line| {
            line.strip_prefix("stat::number_of_executed_units:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or_default();
    if !status.success() {
        let about = |line: &&str| {
            line.contains("panicked at") || line.contains("Test unit written") || line.contains("ERROR:")
        };
        for line in said.lines().filter(about) {
            println!("  {line}");
        }
        println!("  all that it said: {}", log.display());
    }
    Ok((executions, status.success()))
}

/// Adds what a target learned to what is checked in, as few and as short inputs as tell the same.
fn keep(program: &Path, target: &Target) -> Result<(), Failure> {
    let [learned, seeds, kept] = folders(target)?;
    let smaller = fuzz_folder().join("target/smaller").join(&target.name);
    if smaller.exists() {
        fs::remove_dir_all(&smaller)?;
    }
    fs::create_dir_all(&smaller)?;
    cargo::run(
        Command::new(program)
            .env("WAHOOK_FUZZ_TARGET", &target.name)
            .args(["-set_cover_merge=1", "-max_len=1024"])
            .args([&smaller, &kept, &seeds, &learned]),
    )?;
    write_corpus(target, &smaller)
}

/// Adds a run to the sums.
fn record(target: &str, took: Duration, executions: u64) -> Result<(), Failure> {
    let file = fuzz_folder().join("runs.json");
    let mut runs: Runs = match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|error| Failure::new(format!("{} is not what we write: {error}", file.display())))?,
        Err(_) => Runs::default(),
    };
    runs.command = "cargo xtask fuzz --minutes N --record".to_owned();
    let run = runs.targets.entry(target.to_owned()).or_default();
    run.seconds += took.as_secs();
    run.executions += executions;
    let text = serde_json::to_string_pretty(&runs).map_err(|error| Failure::new(error.to_string()))?;
    fs::write(&file, text + "\n")?;
    Ok(())
}
