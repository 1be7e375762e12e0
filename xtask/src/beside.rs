//! Programs that stand beside a gateway as it is released: attacks on it, somebody who looks at its page. Their output is
//! their result, so nothing is kept back.

use std::process::{Command, ExitCode};

use crate::{cargo, step::Failure};

/// Attacks a gateway.
pub(crate) fn attack(arguments: &[&str]) -> ExitCode {
    beside("wahook-attack", "attack", arguments)
}

/// Looks at the page of a gateway whose inbox is full and goes on filling.
pub(crate) fn watched(arguments: &[&str]) -> ExitCode {
    beside("wahook-watched", "watched", arguments)
}

/// Builds the gateway as it is released, unless `--debug` is asked for, and this program, which is given its path.
fn beside(package: &str, program: &str, arguments: &[&str]) -> ExitCode {
    let debug = arguments.contains(&"--debug");
    let rest = arguments.iter().filter(|word| **word != "--debug");
    let run = || -> Result<ExitCode, Failure> {
        let kind: &[&str] = if debug { &[] } else { &["--release"] };
        let build = [
            "build",
            "--quiet",
            "--locked",
            "-p",
            "wahook-gateway",
            "-p",
            package,
        ];
        cargo::run(&mut cargo::cargo([&build, kind].concat()))?;
        let folder = cargo::members()?
            .target_directory
            .join(if debug { "debug" } else { "release" });
        Ok(cargo::pass_through(
            Command::new(folder.join(program))
                .arg(folder.join("wahook"))
                .args(rest),
        ))
    };
    run().unwrap_or_else(|failure| {
        eprintln!("error: {}\n{}", failure.what, failure.output);
        ExitCode::from(3)
    })
}
