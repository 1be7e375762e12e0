//! Output that a closed pipe cannot turn into a panic.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::Failure;

/// Writes one JSON value as a line on stdout.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value)
        .map_err(|error| Failure::io(format!("cannot write the output: {error}")))?;
    line.push(b'\n');
    bytes(&line)
}

/// Writes text as it is on stdout, with a line break at its end.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = text.trim_end_matches('\n').as_bytes().to_vec();
    out.push(b'\n');
    bytes(&out)
}

fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Writes a line on stderr; nobody reading it is no reason to stop.
pub(crate) fn notice(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a person reads stderr: only then may a secret be shown there.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}
