//! A disk whose flushes take longer, to measure on: what a [`Disk`](super::Disk) writes down of each write costs more than
//! some of what is measured.

use std::{io, process::Command, time::Duration};

use crate::{folder::Folder, preload};

/// Flushes that take longer, for processes that are started with [`on`](Self::on). Linux only.
#[derive(Debug)]
pub struct SlowFlushes {
    ours: Folder,
    by: Duration,
}

impl SlowFlushes {
    /// Each takes so much longer.
    ///
    /// # Errors
    ///
    /// If there is no C compiler (`cc`), or no room for temporary files.
    pub fn by(by: Duration) -> io::Result<Self> {
        let ours = Folder::new("slow", None)?;
        preload::build(include_str!("slow.c"), &ours.path().join("slow.so"))?;
        Ok(Self { ours, by })
    }

    /// Has a program work on such a disk.
    pub fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        preload::on(command, &self.ours.path().join("slow.so"))
            .env("SLOW_FLUSH_MICROSECONDS", self.by.as_micros().to_string())
    }
}
