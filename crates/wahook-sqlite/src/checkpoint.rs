//! Moving the log into the file, away from the writer.
//!
//! A checkpoint on the writer's connection would have every verb wait for it, tens of milliseconds at a time.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use rusqlite::wal::CheckpointMode;
use wahook_core::guard::OpenError;

use crate::{
    connect::settle,
    error::no_thread,
    file::{File, Made},
};

/// The thread that checkpoints.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    waker: Waker,
    thread: JoinHandle<()>,
}

/// Wakes the thread that checkpoints.
#[derive(Clone, Debug)]
pub(crate) struct Waker(SyncSender<Wake>);

#[derive(Clone, Copy, Debug)]
enum Wake {
    Work,
    End,
}

impl Checkpoints {
    /// Starts the thread.
    pub(crate) fn start(file: File) -> Result<Self, OpenError> {
        // One that waits is enough: it does all that is there.
        let (wake, woken) = sync_channel(1);
        let thread = Builder::new()
            .name("wahook-sqlite-log".to_owned())
            .spawn(move || run(&file, &woken))
            .map_err(no_thread)?;
        Ok(Self {
            waker: Waker(wake),
            thread,
        })
    }

    /// What wakes it.
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Ends it, after what it is doing.
    pub(crate) fn end(self) {
        let _ = self.waker.0.send(Wake::End);
        let _ = self.thread.join();
    }
}

impl Waker {
    /// Has the log moved soon. Never waits.
    pub(crate) fn wake(&self) {
        let _ = self.0.try_send(Wake::Work);
    }
}

/// When the next checkpoint is due, told by the length of the log after each commit.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Pages in the log at which the next is due; the log begins again at 0.
    next: u32,
    last: u32,
}

/// Pages of log, 4 MiB as a rule, from one checkpoint to the next.
const STEP: u32 = 1_000;

/// Pages of log, 16 MiB as a rule, from which on the writer has to wait for a reader that keeps it from beginning again.
const LONG: i32 = 4_000;

/// Pages that are moved in no time.
const LITTLE: i32 = 200;

impl Due {
    /// Whether it is due now.
    pub(crate) fn at(&mut self, pages: u32) -> bool {
        if self.next == 0 || pages < self.last {
            self.next = STEP;
        }
        self.last = pages;
        let due = pages >= self.next;
        if due {
            self.next = pages.saturating_add(STEP);
        }
        due
    }
}

fn run(file: &File, woken: &Receiver<Wake>) {
    while let Ok(Wake::Work) = woken.recv() {
        // Nothing is lost by a checkpoint that fails: the log keeps what it has, and the next wake tries again.
        let _ = checkpoint(file);
    }
}

/// Moves what is in the log without holding anybody up, and then keeps the writer away for the little that came meanwhile,
/// so that the log can begin again: a writer that never pauses would have it grow without end, and a short log that is
/// written again and again is flushed faster than one that grows.
///
/// Its connection is a new one each time: the file may be another by now.
fn checkpoint(file: &File) -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = file.connect(Made::Before)?;
    settle(&connection)?;
    let mut before = 0;
    // On a slow disk much comes meanwhile, and less each time.
    for _ in 0..4 {
        let (pages, moved) = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)?;
        if moved < pages && pages < LONG {
            return Ok(()); // somebody still reads what is in the log
        }
        if pages - before < LITTLE {
            break;
        }
        before = pages;
    }
    // A foreign reader may keep the log from being moved; the writer waits for that no longer than this either.
    connection.busy_handler(Some(|tries| {
        std::thread::park_timeout(Duration::from_millis(1));
        tries < 50
    }))?;
    connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::FULL)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i5_checkpoints_come_in_steps_and_start_over_with_the_log() {
        let mut due = Due::default();
        let answers = [1, 999, 1_000, 1_001, 1_999, 2_000, 3, 999, 1_000].map(|pages| due.at(pages));
        assert_eq!(
            answers,
            [false, false, true, false, false, true, false, false, true]
        );
    }
}
