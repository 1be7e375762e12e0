//! A wall clock that is wrong: what an operator, a virtual machine that slept, or a bad battery does to a process.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::PathBuf, process::Command};

use crate::{folder::Folder, preload};

/// The wall clock of processes that are started with [`on`](Self::on). Their monotonic clock is right. Linux only.
#[derive(Debug)]
pub struct Clock {
    ours: Folder,
    file: File,
}

impl Clock {
    /// One that is right.
    ///
    /// # Errors
    ///
    /// If there is no C compiler (`cc`), or no room for temporary files.
    pub fn new() -> io::Result<Self> {
        let ours = Folder::new("clock", None)?;
        preload::build(include_str!("clock.c"), &ours.path().join("clock.so"))?;
        let file = File::create_new(ours.path().join("wrong-by"))?;
        let clock = Self { ours, file };
        clock.set(0)?;
        Ok(clock)
    }

    /// Has a program go by this clock.
    pub fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        preload::on(command, &self.ours.path().join("clock.so")).env("CLOCK_UNDER_TEST", self.path())
    }

    /// From now on it is wrong by so many seconds, also for processes that run already.
    ///
    /// # Errors
    ///
    /// If its file cannot be written.
    pub fn set(&self, seconds: i64) -> io::Result<()> {
        let nanoseconds = seconds.saturating_mul(1_000_000_000);
        self.file.write_all_at(&nanoseconds.to_ne_bytes(), 0)
    }

    fn path(&self) -> PathBuf {
        self.ours.path().join("wrong-by")
    }
}
