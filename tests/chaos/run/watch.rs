//! When the lines of a file came: whoever reads it in the end sees the lines alone.

#![expect(
    clippy::disallowed_methods,
    reason = "a file of another process is looked at in real time"
)]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::recorder::Recorder;

/// So often it is looked at.
const EVERY: Duration = Duration::from_millis(10);

/// Looks how long a file is, again and again.
pub(crate) struct Watch {
    file: PathBuf,
    /// How long it was, and when that was seen first; both grow.
    lengths: Arc<Mutex<Vec<(u64, u64)>>>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    pub(crate) fn over(file: PathBuf, recorder: &Recorder) -> Self {
        let watch = Self {
            file: file.clone(),
            lengths: Arc::default(),
            stop: Arc::default(),
        };
        let (lengths, stop) = (Arc::clone(&watch.lengths), Arc::clone(&watch.stop));
        let recorder = recorder.clone();
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                {
                    let mut lengths = lengths.lock().unwrap();
                    let length = fs::metadata(&file).map_or(0, |file| file.len());
                    // What was cut off again was never confirmed.
                    while lengths.last().is_some_and(|(longer, _)| *longer > length) {
                        lengths.pop();
                    }
                    if lengths.last().is_none_or(|(shorter, _)| *shorter < length) {
                        lengths.push((length, recorder.now()));
                    }
                }
                thread::sleep(EVERY);
            }
        });
        watch
    }

    /// The file.
    pub(crate) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// Does something to the file that is no news of it.
    pub(crate) fn unseen<T>(&self, change: impl FnOnce() -> T) -> T {
        let _looks_away = self.lengths.lock().unwrap();
        change()
    }

    /// When it was so long at the latest.
    pub(crate) fn reached(&self, length: u64) -> Option<u64> {
        let lengths = self.lengths.lock().unwrap();
        let index = lengths.partition_point(|(shorter, _)| *shorter < length);
        lengths.get(index).map(|(_, at)| *at)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
