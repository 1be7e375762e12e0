//! Measures against other libraries. Its output is its result, so nothing is kept back.

use std::process::ExitCode;

use crate::cargo;

pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let bench = [
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--manifest-path",
        "benches/Cargo.toml",
        "--",
    ];
    cargo::pass_through(cargo::cargo(bench).args(arguments))
}
