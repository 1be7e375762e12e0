//! Calling cargo and other programs, and what `cargo metadata` tells.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use serde::Deserialize;

use crate::step::Failure;

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// The cargo that runs us, at the top of the repository.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(root())
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// Whether a program can be started.
pub(crate) fn exists(program: &str, argument: &str) -> bool {
    exists_with(program, &[argument])
}

/// Whether a program can be started with these arguments.
pub(crate) fn exists_with(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command whose output is its result, so that nothing is kept back, and tells how it ended.
pub(crate) fn pass_through(command: &mut Command) -> ExitCode {
    match command.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("{} cannot be started: {error}", name(command));
            ExitCode::from(3)
        }
    }
}

/// Runs a command to its end; what it prints on both channels is the result, or part of the failure.
pub(crate) fn run(command: &mut Command) -> Result<String, Failure> {
    let (mut reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .map_err(|error| Failure::new(format!("{} cannot be started: {error}", name(command))))?;
    // The command holds the writing ends; while it lives, reading would not end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    let output = String::from_utf8_lossy(&output).into_owned();
    let status = child.wait()?;
    if status.success() {
        Ok(output)
    } else {
        Err(Failure {
            what: format!("{} ({status})", name(command)),
            output,
        })
    }
}

/// Runs a command and takes its standard output alone.
pub(crate) fn read(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("{} cannot be started: {error}", name(command))))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure {
            what: format!("{} ({})", name(command), output.status),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A command as one would type it.
fn name(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_else(|| command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What `cargo metadata` tells, as far as we look.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// `[package.metadata]`.
    pub(crate) metadata: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// None for a normal one, `"dev"`, `"build"`.
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}

impl Package {
    /// Whether its folder lies in this folder of the repository.
    pub(crate) fn lies_in(&self, folder: &str) -> bool {
        self.manifest_path.starts_with(root().join(folder))
    }

    pub(crate) fn has_features(&self) -> bool {
        self.features.keys().any(|name| name != "default")
    }

    pub(crate) fn is_library(&self) -> bool {
        self.targets
            .iter()
            .any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// Our own packages; reads nothing but the manifests.
pub(crate) fn members() -> Result<Metadata, Failure> {
    metadata(&["metadata", "--format-version", "1", "--no-deps"])
}

/// What librdkafka is built with, beside a C compiler: the sink for Kafka, which is no default, is left out without them.
pub(crate) fn builds_librdkafka() -> bool {
    let openssl = || {
        let found = Command::new("pkg-config").args(["--exists", "openssl"]).status();
        found.is_ok_and(|status| status.success())
    };
    exists("make", "--version") && exists("c++", "--version") && openssl()
}

/// Arguments for all features of the workspace that can be built here.
pub(crate) fn all_features() -> Result<Vec<String>, Failure> {
    if builds_librdkafka() {
        return Ok(vec!["--all-features".to_owned()]);
    }
    let packages = members()?.packages;
    let features = packages.iter().flat_map(|package| {
        let names = package.features.keys();
        let others = names.filter(|name| !LIBRDKAFKA.contains(&(&*package.name, name)));
        others.map(|name| format!("{}/{name}", package.name))
    });
    Ok(vec![
        "--features".to_owned(),
        features.collect::<Vec<_>>().join(","),
    ])
}

/// The features that build it.
const LIBRDKAFKA: [(&str, &str); 2] = [("wahook-gateway", "kafka"), ("wahook-kafka", "librdkafka")];

/// Our own packages and all that they stand on, on this kind of machine.
pub(crate) fn everything() -> Result<Metadata, Failure> {
    let host = host()?;
    metadata(&[
        "metadata",
        "--format-version",
        "1",
        "--all-features",
        "--filter-platform",
        &host,
    ])
}

fn metadata(arguments: &[&str]) -> Result<Metadata, Failure> {
    let text = read(&mut cargo(arguments.iter().copied()))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("cargo metadata is not what we expect: {error}")))
}

/// The kind of this machine, such as `x86_64-unknown-linux-gnu`.
pub(crate) fn host() -> Result<String, Failure> {
    let text = read(Command::new("rustc").arg("-vV"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}

/// Whether the standard library of a target is installed.
pub(crate) fn target_is_installed(target: &str) -> Result<bool, Failure> {
    let sysroot = read(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(target)
        .join("lib")
        .is_dir())
}
