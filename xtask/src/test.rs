//! All tests, and what they need to run.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use crate::{
    cargo::{self, Metadata, Package},
    chaos,
    services::{Servers, without},
    step::{Done, Failure, Outcome, Steps},
};

/// Whether Redis, PostgreSQL, NATS and RabbitMQ are there for the tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Services {
    Used,
    LeftOut,
}

pub(crate) fn run(steps: &mut Steps, services: Services) {
    let mut can_run = false;
    steps.step("what tests need", || {
        let done = needs()?;
        can_run = true;
        Ok(done)
    });
    if !can_run {
        return;
    }
    // Those that were started end with this value, whatever becomes of the tests.
    let mut servers = Servers::LeftOut;
    if services == Services::Used {
        let mut found = false;
        steps.step("servers for tests", || {
            servers = Servers::find_or_start().map_err(|error| without(&error))?;
            found = true;
            servers.said()
        });
        if !found {
            return;
        }
    }
    let mut left_out = None;
    steps.step("unit and integration tests", || {
        let (said, ignored) = unit_and_integration(&servers)?;
        left_out = Some(ignored);
        Ok(Done::Said(said))
    });
    if let Some(count) = left_out.filter(|_| services == Services::LeftOut) {
        steps.step("tests with servers", || {
            Ok(Done::NotRun(format!(
                "{count} tests that need Redis, PostgreSQL, NATS, RabbitMQ or Chromium"
            )))
        });
    }
    steps.step("documentation tests", documentation);
    let members = match cargo::members() {
        Ok(members) => members,
        Err(failure) => return steps.step("workspace", || Err(failure)),
    };
    steps.step("binaries", binaries);
    for package in &members.packages {
        if let Some(arguments) = proof_of(package) {
            steps.step(&package.name, || example(package, &arguments, &servers));
        }
    }
    chaos::minute(steps, services);
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
        steps.step(&format!("end to end {name}"), || {
            end_to_end(&script, &members, &servers)
        });
    }
}

/// A program of others that tests start.
struct Tool {
    name: &'static str,
    is_there: fn() -> bool,
    /// What brings it on Debian.
    packages: &'static [&'static str],
    why: &'static str,
    /// Whether the tests stop without it, rather than some of them fail.
    is_for_all: bool,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "python3",
        is_there: has_python,
        packages: &["python3"],
        why: "the end-to-end tests need Python 3.9 or newer (Debian, Ubuntu: apt-get install python3; macOS: xcode-select --install)",
        is_for_all: true,
    },
    Tool {
        name: "Chromium",
        is_there: has_chromium,
        packages: &["chromium", "chromium-driver"],
        why: "tests with the mark `needs Chromium` need it and chromedriver, and fail without (Debian: apt-get install chromium chromium-driver)",
        is_for_all: false,
    },
    Tool {
        name: "what librdkafka is built with",
        is_there: cargo::builds_librdkafka,
        packages: &["make", "g++", "pkg-config", "libssl-dev"],
        why: "the sink for Kafka is left out (Debian: apt-get install make g++ pkg-config libssl-dev; macOS: brew install pkgconf openssl)",
        is_for_all: false,
    },
];

/// A C compiler (for SQLite and for TLS), and what tests start. Fetches the latter where it may.
fn needs() -> Outcome {
    if std::env::var_os("CC").is_none() && !cargo::exists("cc", "--version") {
        return Err(Failure::new(
            "cc not found: install a C compiler (Debian, Ubuntu: apt-get install build-essential; macOS: xcode-select --install)",
        ));
    }
    let mut said = Vec::new();
    for tool in TOOLS.iter().filter(|tool| !(tool.is_there)()) {
        if may_use_apt() && install(tool.packages).is_ok() && (tool.is_there)() {
            said.push(format!("installed {}", tool.packages.join(" ")));
            continue;
        }
        let missing = format!("{} not found: {}", tool.name, tool.why);
        if tool.is_for_all {
            return Err(Failure::new(missing));
        }
        said.push(missing);
    }
    Ok(match said.is_empty() {
        true => Done::Ok,
        false => Done::Said(said.join("; ")),
    })
}

fn install(packages: &[&str]) -> Result<String, Failure> {
    cargo::run(Command::new("apt-get").args(["update", "-qq"]))?;
    cargo::run(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Chrome is as good: the driver finds either.
fn has_chromium() -> bool {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    cargo::exists("chromedriver", "--version")
        && browsers.iter().any(|browser| cargo::exists(browser, "--version"))
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

/// What to say of them, and how many were left out.
fn unit_and_integration(servers: &Servers) -> Result<(String, usize), Failure> {
    if cargo::exists("cargo-nextest", "--version") {
        let mut command = cargo::cargo(["nextest", "run", "--workspace", "--no-tests", "pass"]);
        command.args(cargo::all_features()?);
        // Many wait for servers and processes more than they compute.
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        command.args(["--test-threads", &cores.max(AT_ONCE).to_string()]);
        if servers.are_used() {
            command.args(["--run-ignored", "all"]);
        }
        let output = cargo::run(servers.tell(&mut command))?;
        let summary = summary(&output);
        return Ok((summary.to_owned(), skipped(summary)));
    }
    let mut command = cargo::cargo([
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--no-fail-fast",
    ]);
    command.args(cargo::all_features()?);
    if servers.are_used() {
        command.args(["--", "--include-ignored"]);
    }
    let output = cargo::run(servers.tell(&mut command))?;
    let said = format!("{} tests passed (with `cargo test`)", sum(&output, "passed"));
    Ok((said, sum(&output, "ignored")))
}

/// So many tests run at once, on few cores too.
const AT_ONCE: usize = 4;

/// What nextest counts: `12 tests run: 12 passed, 3 skipped`.
fn summary(output: &str) -> &str {
    output
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("Summary"))
        .and_then(|line| line.split_once(']'))
        .map_or("", |(_, counts)| counts.trim())
}

fn skipped(summary: &str) -> usize {
    summary
        .split(", ")
        .find_map(|part| part.strip_suffix(" skipped")?.parse().ok())
        .unwrap_or(0)
}

fn documentation() -> Outcome {
    let mut command = cargo::cargo([
        "test",
        "--doc",
        "--workspace",
        "--no-fail-fast",
        // Its files are another crate's, and this verb does not ask whether a library wants it.
        "--exclude",
        "wahook-interleavings",
    ]);
    let output = cargo::run(command.args(cargo::all_features()?))?;
    Ok(Done::Said(format!("{} tests passed", sum(&output, "passed"))))
}

/// The sum of what `cargo test` counts under a name.
fn sum(output: &str, name: &str) -> usize {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .flat_map(|line| line.split("; "))
        .filter_map(|part| part.strip_suffix(name)?.trim().parse::<usize>().ok())
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
fn example(package: &Package, arguments: &[&str], servers: &Servers) -> Outcome {
    let mut command = cargo::cargo(["run", "--quiet", "-p", &package.name, "--"]);
    cargo::run(servers.tell(command.args(arguments)))?;
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
fn end_to_end(script: &Path, members: &Metadata, servers: &Servers) -> Outcome {
    let programs = members.target_directory.join("debug");
    let mut command = Command::new("python3");
    command
        .arg(script)
        .current_dir(cargo::root())
        .env("WAHOOK", programs.join("wahook"))
        .env("WAHOOK_PROGRAMS", &programs)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = cargo::run(servers.tell(&mut command))?;
    Ok(Done::Said(
        output.lines().next_back().unwrap_or_default().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let output = "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s\nx\n\
                      test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        assert_eq!((sum(output, "passed"), sum(output, "ignored")), (15, 3));
    }

    #[test]
    fn what_nextest_leaves_out_is_counted() {
        let output = "x\n     Summary [   1.2s] 12 tests run: 12 passed (1 slow), 61 skipped\n";
        assert_eq!(summary(output), "12 tests run: 12 passed (1 slow), 61 skipped");
        assert_eq!(skipped(summary(output)), 61);
        assert_eq!(skipped("12 tests run: 12 passed"), 0);
    }
}
