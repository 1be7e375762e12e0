//! A gateway under attack. Its output is its result, so nothing is kept back.

use std::process::ExitCode;

use crate::{cargo, step::Failure};

/// Builds the gateway as it is released, unless `--debug` is asked for, and attacks it.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let debug = arguments.contains(&"--debug");
    let rest = arguments.iter().filter(|word| **word != "--debug");
    let attack = || -> Result<ExitCode, Failure> {
        let kind: &[&str] = if debug { &[] } else { &["--release"] };
        let build = [
            "build",
            "--quiet",
            "--locked",
            "-p",
            "wahook-gateway",
            "-p",
            "wahook-attack",
        ];
        cargo::run(&mut cargo::cargo([&build, kind].concat()))?;
        let folder = cargo::members()?
            .target_directory
            .join(if debug { "debug" } else { "release" });
        let status = std::process::Command::new(folder.join("attack"))
            .arg(folder.join("wahook"))
            .args(rest)
            .status()?;
        Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from))
    };
    attack().unwrap_or_else(|failure| {
        eprintln!("error: {}\n{}", failure.what, failure.output);
        ExitCode::from(3)
    })
}
