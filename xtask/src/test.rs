//! All tests, and what they need to run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cargo::{self, Metadata, Package},
    step::{Done, Failure, Outcome, Steps},
};

pub(crate) fn run(steps: &mut Steps) {
    steps.step("what tests need", needs);
    if steps.any_failed() {
        return;
    }
    steps.step("unit and integration tests", unit_and_integration);
    steps.step("documentation tests", documentation);
    let members = match cargo::members() {
        Ok(members) => members,
        Err(failure) => return steps.step("workspace", || Err(failure)),
    };
    steps.step("binaries", binaries);
    for package in &members.packages {
        if let Some(arguments) = proof_of(package) {
            steps.step(&package.name, || example(package, &arguments));
        }
    }
    let scripts = scripts();
    if scripts.is_empty() {
        steps.step("end to end", || {
            Ok(Done::NotRun("there is no tests/*.py".to_owned()))
        });
    }
    for script in scripts {
        let name = script
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        steps.step(&format!("end to end {name}"), || end_to_end(&script, &members));
    }
}

/// A C compiler (for SQLite and for TLS), and Python for the end-to-end tests. Fetches Python where it may.
fn needs() -> Outcome {
    if std::env::var_os("CC").is_none() && !cargo::exists("cc", "--version") {
        return Err(Failure::new(
            "cc not found: install a C compiler (Debian, Ubuntu: apt-get install build-essential; macOS: xcode-select --install)",
        ));
    }
    if has_python() {
        return Ok(Done::Ok);
    }
    if may_use_apt() {
        let install = || {
            cargo::run(Command::new("apt-get").args(["update", "-qq"]))?;
            cargo::run(
                Command::new("apt-get")
                    .args(["install", "-y", "-qq", "--no-install-recommends", "python3"])
                    .env("DEBIAN_FRONTEND", "noninteractive"),
            )
        };
        if install().is_ok() && has_python() {
            return Ok(Done::Said("installed python3".to_owned()));
        }
    }
    Err(Failure::new(
        "python3 not found: the end-to-end tests need Python 3.9 or newer (Debian, Ubuntu: apt-get install python3; macOS: xcode-select --install)",
    ))
}

fn has_python() -> bool {
    Command::new("python3")
        .args(["-c", "import sys; sys.exit(sys.version_info < (3, 9))"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Debian or a child of it, and we are root.
fn may_use_apt() -> bool {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    root && Path::new("/etc/debian_version").exists() && cargo::exists("apt-get", "--version")
}

fn unit_and_integration() -> Outcome {
    if cargo::exists("cargo-nextest", "--version") {
        let output = cargo::run(&mut cargo::cargo([
            "nextest",
            "run",
            "--workspace",
            "--all-features",
            "--no-tests",
            "pass",
        ]))?;
        let summary = output
            .lines()
            .rev()
            .find_map(|line| line.trim().strip_prefix("Summary"))
            .and_then(|line| line.split_once(']'))
            .map_or("", |(_, counts)| counts.trim());
        return Ok(Done::Said(summary.to_owned()));
    }
    let output = cargo::run(&mut cargo::cargo([
        "test",
        "--workspace",
        "--all-features",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--no-fail-fast",
    ]))?;
    Ok(Done::Said(format!(
        "{} tests passed (with `cargo test`)",
        passed(&output)
    )))
}

fn documentation() -> Outcome {
    let output = cargo::run(&mut cargo::cargo([
        "test",
        "--doc",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]))?;
    Ok(Done::Said(format!("{} tests passed", passed(&output))))
}

/// The sum of what `cargo test` counts.
fn passed(output: &str) -> usize {
    output
        .lines()
        .filter_map(|line| {
            line.strip_prefix("test result: ok. ")?
                .split(' ')
                .next()?
                .parse::<usize>()
                .ok()
        })
        .sum()
}

/// The programs that examples and end-to-end tests start.
fn binaries() -> Outcome {
    cargo::run(&mut cargo::cargo([
        "build",
        "--workspace",
        "--exclude",
        "xtask",
        "--bins",
    ]))?;
    Ok(Done::Ok)
}

/// How an example proves itself, if its manifest says so: `[package.metadata.xtask] run = ["--self-test"]`.
///
/// Its own tests ran with all others.
fn proof_of(package: &Package) -> Option<Vec<&str>> {
    if !package.lies_in("examples") {
        return None;
    }
    let arguments = package.metadata.as_ref()?.get("xtask")?.get("run")?.as_array()?;
    Some(
        arguments
            .iter()
            .filter_map(|argument| argument.as_str())
            .collect(),
    )
}

/// Runs an example, which has to end by itself, with exit code 0 and without a network.
fn example(package: &Package, arguments: &[&str]) -> Outcome {
    cargo::run(cargo::cargo(["run", "--quiet", "-p", &package.name, "--"]).args(arguments))?;
    Ok(Done::Ok)
}

/// The end-to-end tests: `tests/*.py` and `tests/*/run.py`.
fn scripts() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(cargo::root().join("tests")) else {
        return Vec::new();
    };
    let mut scripts: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|path| {
            if path.extension().is_some_and(|extension| extension == "py") {
                Some(path)
            } else {
                Some(path.join("run.py")).filter(|script| script.is_file())
            }
        })
        .collect();
    scripts.sort();
    scripts
}

/// Runs a script at the top of the repository; `WAHOOK` in its environment is the program under test.
fn end_to_end(script: &Path, members: &Metadata) -> Outcome {
    let programs = members.target_directory.join("debug");
    let output = cargo::run(
        Command::new("python3")
            .arg(script)
            .current_dir(cargo::root())
            .env("WAHOOK", programs.join("wahook"))
            .env("WAHOOK_PROGRAMS", &programs)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )?;
    Ok(Done::Said(
        output.lines().next_back().unwrap_or_default().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        assert_eq!(
            passed("test result: ok. 12 passed; 0 failed\nx\ntest result: ok. 3 passed; 0 failed\n"),
            15
        );
    }
}
