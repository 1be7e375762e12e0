//! Measures against other libraries. Its output is its result, so nothing is kept back.

use std::process::ExitCode;

use crate::cargo;

pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let status = cargo::cargo([
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--manifest-path",
        "benches/Cargo.toml",
        "--",
    ])
    .args(arguments)
    .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("cargo cannot be started: {error}");
            ExitCode::from(3)
        }
    }
}
