//! Measures against other libraries. Its output is its result, so nothing is kept back.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use crate::{
    cargo, page,
    step::{Done, Failure, Steps},
};

const BENCH: [&str; 7] = [
    "run",
    "--quiet",
    "--release",
    "--locked",
    "--manifest-path",
    "benches/Cargo.toml",
    "--",
];

/// What a run for the page printed last.
const KEPT: &str = "target/bench.md";

pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    match *arguments {
        ["--page"] => measured_page(),
        ["--page", file] => kept_page(Path::new(file)),
        _ => cargo::pass_through(cargo::cargo(BENCH).args(arguments)),
    }
}

/// Measures everything, shows and keeps what is printed, and makes the page of it if nothing failed.
fn measured_page() -> ExitCode {
    let kept = cargo::root().join(KEPT);
    let mut bench = cargo::cargo(BENCH);
    match shown_and_kept(&mut bench, &kept) {
        Ok(true) => kept_page(&kept),
        Ok(false) => {
            eprintln!("the bench failed: docs/performance.md is as it was; {KEPT} has what was printed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

/// Line by line, since it takes long. Whether it went well.
fn shown_and_kept(command: &mut Command, kept: &Path) -> io::Result<bool> {
    fs::create_dir_all(kept.parent().unwrap_or(Path::new(".")))?;
    let mut kept = File::create(kept)?;
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let said = child.stdout.take().into_iter();
    for line in said.flat_map(|said| BufReader::new(said).lines()) {
        let line = line?;
        println!("{line}");
        writeln!(kept, "{line}")?;
    }
    Ok(child.wait()?.success())
}

/// The page of an output that was kept.
fn kept_page(output: &Path) -> ExitCode {
    let mut steps = Steps::new();
    steps.step("docs/performance.md", || {
        let path = cargo::root().join("docs/performance.md");
        let output = fs::read_to_string(output)
            .map_err(|error| Failure::new(format!("{}: {error}", output.display())))?;
        fs::write(&path, page::renewed(&fs::read_to_string(&path)?, &output)?)?;
        Ok(Done::Said("renewed".to_owned()))
    });
    steps.finish()
}
