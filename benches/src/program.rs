//! Programs that the bench starts: each says on one of its outputs where it listens, and ends with its value.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

/// A process that ends with this value.
pub struct Program(Child);

/// Compiles what is in this folder, as it is released.
pub fn build(folder: &Path, more: &[&str]) {
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "--locked"])
        .args(more)
        .current_dir(folder)
        // What slows the disk is for the program, not for its compiler.
        .env_remove("LD_PRELOAD")
        .status();
    assert!(built.expect("cargo starts").success(), "it compiles");
}

/// A folder for files that are flushed. Beside this program: where it was built is a disk, as a rule; the system's place
/// for temporary files may be memory.
pub fn folder() -> io::Result<TempDir> {
    let program = env::current_exe()?;
    tempfile::tempdir_in(program.parent().unwrap_or(Path::new(".")))
}

/// Which output of a program is listened to.
#[derive(Clone, Copy)]
pub enum Output {
    Standard,
    Errors,
}

impl Program {
    /// Starts it, and waits for the first line in which something is found.
    pub fn start<T>(
        command: &mut Command,
        output: Output,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T), String> {
        match output {
            Output::Standard => command.stdout(Stdio::piped()),
            Output::Errors => command.stdout(Stdio::null()).stderr(Stdio::piped()),
        };
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let said: Box<dyn Read + Send> = match output {
            Output::Standard => Box::new(child.stdout.take().ok_or("it has no output")?),
            Output::Errors => Box::new(child.stderr.take().ok_or("it has no output")?),
        };
        let this = Self(child);
        let mut said = BufReader::new(said);
        let mut all = String::new();
        loop {
            let begins = all.len();
            if said.read_line(&mut all).map_err(|error| error.to_string())? == 0 {
                return Err(format!("it ended: {all}"));
            }
            if let Some(found) = find(all[begins..].trim_end()) {
                // Whatever more it says must find a reader.
                thread::spawn(move || io::copy(&mut said, &mut io::sink()));
                return Ok((this, found));
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
