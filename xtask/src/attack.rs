//! A gateway under attack. Its output is its result, so nothing is kept back.

use std::process::{Command, ExitCode};

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
        Ok(cargo::pass_through(
            Command::new(folder.join("attack"))
                .arg(folder.join("wahook"))
                .args(rest),
        ))
    };
    attack().unwrap_or_else(|failure| {
        eprintln!("error: {}\n{}", failure.what, failure.output);
        ExitCode::from(3)
    })
}
