//! A disk that forgets what was not flushed, fills up, fails, hangs and is slow: what killing a process alone cannot show.
//!
//! A small C library is loaded into the process under test and writes down what it does to the files of one folder.
//! After the process was killed, [`Disk::lose_power`] gives those files the contents that a disk with a volatile cache
//! would still have.

mod log;
mod slow;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

pub use self::slow::SlowFlushes;
use crate::{folder::Folder, preload};

/// A folder whose disk is under our control, for processes that are started with [`on`](Self::on). Linux only.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    ours: Folder,
    slow: Duration,
}

impl Disk {
    /// Over a folder that exists. What it holds now is on the disk for good.
    ///
    /// # Errors
    ///
    /// If there is no C compiler (`cc`), or no room for temporary files.
    pub fn over(folder: &Path) -> io::Result<Self> {
        let ours = Folder::new("disk", None)?;
        preload::build(include_str!("disk.c"), &ours.path().join("disk.so"))?;
        let disk = Self {
            folder: folder.canonicalize()?,
            ours,
            slow: Duration::ZERO,
        };
        disk.keep()?;
        Ok(disk)
    }

    /// How much longer each flush takes.
    #[must_use]
    pub fn slow(mut self, by: Duration) -> Self {
        self.slow = by;
        self
    }

    /// Has a program work on this disk.
    pub fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        preload::on(command, &self.ours.path().join("disk.so"))
            .env("DISK_UNDER_TEST_FOLDER", &self.folder)
            .env("DISK_UNDER_TEST_LOG", self.log())
            .env(
                "DISK_UNDER_TEST_FLUSH_MICROSECONDS",
                self.slow.as_micros().to_string(),
            )
    }

    /// Gives the files what was flushed, and nothing else; says how many writes were lost. All processes on this disk
    /// must be gone.
    ///
    /// # Errors
    ///
    /// If files cannot be read or written.
    pub fn lose_power(&self) -> io::Result<usize> {
        let log = fs::read(self.log()).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        })?;
        let mut past = log::Past::new(&self.folder, &self.kept());
        past.replay(&log);
        let lost = past.restore()?;
        self.keep()?;
        Ok(lost)
    }

    /// From now on there is no room, or there is again. What a file's last block has room for is written all the same.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn set_full(&self, full: bool) -> io::Result<()> {
        self.switch("full", full)
    }

    /// From now on flushes fail, or succeed again.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn set_broken(&self, broken: bool) -> io::Result<()> {
        self.switch("broken", broken)
    }

    /// From now on flushes do not come back, or they do again.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn set_hanging(&self, hanging: bool) -> io::Result<()> {
        self.switch("hanging", hanging)
    }

    /// From now on each flush takes 100 ms longer, or it does not any more.
    ///
    /// # Errors
    ///
    /// If files cannot be written.
    pub fn set_slow(&self, slow: bool) -> io::Result<()> {
        self.switch("slow", slow)
    }

    fn switch(&self, name: &str, on: bool) -> io::Result<()> {
        let path = self.ours.path().join(format!("log.{name}"));
        match (on, path.exists()) {
            (true, false) => fs::write(path, ""),
            (false, true) => fs::remove_file(path),
            _ => Ok(()),
        }
    }

    /// Keeps what the files hold now as what the disk has, and begins a new log.
    fn keep(&self) -> io::Result<()> {
        let kept = self.kept();
        match fs::remove_dir_all(&kept) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&kept)?,
        }
        for path in log::files(&self.folder)? {
            let copy = kept.join(path.strip_prefix(&self.folder).unwrap_or(&path));
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(&path, copy)?;
        }
        match fs::remove_file(self.log()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn log(&self) -> PathBuf {
        self.ours.path().join("log")
    }

    fn kept(&self) -> PathBuf {
        self.ours.path().join("kept")
    }
}
