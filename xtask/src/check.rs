//! Everything but the tests.

use crate::{
    arrows, breaks, cargo, claims, house, licences, readme, schema,
    step::{Done, Failure, Outcome, Steps},
};

pub(crate) fn run(steps: &mut Steps) {
    steps.step("format", || {
        component("rustfmt", "cargo-fmt")?;
        command(
            &["fmt", "--all", "--check", "--", "--files-with-diff"],
            "`cargo fmt --all` mends it",
        )
    });
    deps(steps);
    licences(steps);
    steps.step("lints", || lints(&[], &[]));
    // What clippy.toml allows in tests, it does not allow in their helpers.
    steps.step("lints of tests", || {
        lints(&["--all-targets"], &["-A", "clippy::unwrap_used"])
    });
    steps.step("each library alone", each_alone);
    steps.step("documentation", documentation);
    steps.step("schema", || schema::run(readme::Mode::Check));
    steps.step("readme", || readme::run(readme::Mode::Check));
    steps.step("benches compile", benches);
}

/// What can be told from manifests and sources alone.
pub(crate) fn deps(steps: &mut Steps) {
    steps.step("arrows", arrows::arrows);
    steps.step("reasons of dependencies", house::reasons);
    steps.step("length of files", house::lengths);
    steps.step("claims", claims::run);
    steps.step("core without I/O", arrows::core_is_pure);
    steps.step("core for wasm32", arrows::core_for_wasm);
    steps.step("breaks fit the source", breaks::fit);
}

pub(crate) fn licences(steps: &mut Steps) {
    steps.step("licences", licences::licences);
    steps.step("duplicate versions", licences::duplicates);
    steps.step("cargo-deny", licences::cargo_deny);
    steps.step("advisories", licences::advisories);
}

fn command(arguments: &[&str], what: &str) -> Outcome {
    match cargo::run(&mut cargo::cargo(arguments.iter().copied())) {
        Ok(_) => Ok(Done::Ok),
        Err(failure) => Err(Failure {
            what: what.to_owned(),
            ..failure
        }),
    }
}

fn lints(targets: &[&str], but: &[&str]) -> Outcome {
    component("clippy", "cargo-clippy")?;
    let features = cargo::all_features()?;
    let features: Vec<_> = features.iter().map(String::as_str).collect();
    let all = ["clippy", "--quiet", "--keep-going", "--workspace"];
    let arguments = [all.as_slice(), &features, targets, &["--", "-D", "warnings"], but].concat();
    command(&arguments, "clippy has something to say")
}

/// A part of the toolchain that a minimal installation leaves out.
fn component(name: &str, program: &str) -> Result<(), Failure> {
    if cargo::exists(program, "--version") {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{name} is missing: `rustup component add {name}`"
        )))
    }
}

/// In a workspace a crate gets the features that its neighbours ask for; whoever uses it alone does not.
fn each_alone() -> Outcome {
    let metadata = cargo::members()?;
    let mut count = 0_usize;
    for package in &metadata.packages {
        if package.lies_in("crates") && package.is_library() {
            command(
                &[
                    "check",
                    "--quiet",
                    "--lib",
                    "--no-default-features",
                    "-p",
                    &package.name,
                ],
                &format!(
                    "{} does not compile without its neighbours: a feature is missing",
                    package.name
                ),
            )?;
            count += 1;
        }
    }
    Ok(Done::Said(format!("{count} libraries")))
}

fn documentation() -> Outcome {
    cargo::run(
        cargo::cargo(["doc", "--quiet", "--keep-going", "--workspace", "--no-deps"])
            .args(cargo::all_features()?)
            .env("RUSTDOCFLAGS", "-D warnings -D rustdoc::broken_intra_doc_links"),
    )?;
    Ok(Done::Ok)
}

/// The benches are a workspace of their own; nobody else would see that they no longer compile.
fn benches() -> Outcome {
    let fetched = cargo::run(&mut cargo::cargo([
        "fetch",
        "--quiet",
        "--locked",
        "--manifest-path",
        "benches/Cargo.toml",
    ]));
    if let Err(failure) = fetched {
        if failure.output.contains("--locked") {
            return Err(Failure {
                what: "benches/Cargo.lock is out of date: `cargo update --workspace --manifest-path benches/Cargo.toml`".to_owned(),
                ..failure
            });
        }
        return Ok(Done::NotRun(
            "the crates of the benches cannot be had without a network".to_owned(),
        ));
    }
    command(
        &[
            "check",
            "--quiet",
            "--locked",
            "--offline",
            "--manifest-path",
            "benches/Cargo.toml",
        ],
        "the benches do not compile",
    )
}
