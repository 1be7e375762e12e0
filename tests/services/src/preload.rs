//! Small C libraries that stand in front of the C library of a process under test.

use std::{ffi::OsString, fs, io, path::Path, process::Command};

/// Builds one from its source.
pub(crate) fn build(source: &str, library: &Path) -> io::Result<()> {
    let file = library.with_extension("c");
    fs::write(&file, source)?;
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-pthread", "-o"])
        .arg(library)
        .arg(&file)
        .arg("-ldl")
        .output()?;
    if built.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&built.stderr);
    Err(io::Error::other(format!(
        "cc cannot build {}: {text}",
        file.display()
    )))
}

/// Has a program load it, beside those that it is to load already.
pub(crate) fn on<'a>(command: &'a mut Command, library: &Path) -> &'a mut Command {
    const NAME: &str = "LD_PRELOAD";
    let there = command.get_envs().find(|(name, _)| *name == NAME);
    let mut libraries = there
        .and_then(|(_, value)| value)
        .map_or_else(OsString::new, |value| {
            let mut value = value.to_owned();
            value.push(":");
            value
        });
    libraries.push(library);
    command.env(NAME, libraries)
}
