//! Programs of others that some steps need, in the versions that the steps were written for. They are built into
//! `target/tools`, when that is asked for; an installed one will do as well.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use crate::{
    cargo,
    step::{Done, Outcome, Steps},
};

/// Name and version.
const TOOLS: [(&str, &str); 4] = [
    ("cargo-deny", "0.20.2"),
    ("cargo-hack", "0.6.46"),
    ("cargo-cyclonedx", "0.5.9"),
    ("cargo-semver-checks", "0.51.0"),
];

fn folder() -> PathBuf {
    cargo::root().join("target/tools")
}

/// Where programs are looked for: those of ours first.
fn path() -> OsString {
    let known = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder().join("bin")).chain(env::split_paths(&known));
    env::join_paths(all).unwrap_or(known)
}

/// A cargo that finds them as its verbs.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = cargo::cargo(arguments);
    command.env("PATH", path());
    command
}

/// Whether a tool is there; what to say if it is not.
pub(crate) fn find(name: &str) -> Result<(), Done> {
    let is_ours = folder().join("bin").join(name).is_file();
    if is_ours || cargo::exists(name, "--version") {
        return Ok(());
    }
    Err(Done::NotRun(format!(
        "{name} is missing: `cargo xtask supply --install` builds it into target/tools"
    )))
}

/// Builds them all: without optimisation, since each is run now and then for a second.
pub(crate) fn install(steps: &mut Steps) {
    for (name, version) in TOOLS {
        steps.step(&format!("install {name}"), || install_one(name, version));
    }
}

fn install_one(name: &str, version: &str) -> Outcome {
    let (root, build) = (folder(), folder().join("build"));
    let (root, build) = (root.to_string_lossy(), build.to_string_lossy());
    let which = format!("{name}@{version}");
    let arguments = [
        "install",
        "--locked",
        "--debug",
        "--quiet",
        "--root",
        &root,
        "--target-dir",
        &build,
        &which,
    ];
    match cargo::run(&mut cargo::cargo(arguments)) {
        Ok(_) => Ok(Done::Said(version.to_owned())),
        Err(failure) if has_no_network(&failure.output) => {
            Ok(Done::NotRun("the registry cannot be reached".to_owned()))
        }
        Err(failure) => Err(failure),
    }
}

fn has_no_network(output: &str) -> bool {
    [
        "Could not resolve host",
        "Couldn't connect",
        "spurious network error",
    ]
    .iter()
    .any(|sign| output.contains(sign))
}
