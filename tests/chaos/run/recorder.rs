//! Writes down what happens.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use wahook_chaos::history::{Line, What};

/// The history of a run.
pub(crate) struct History(Arc<Written>);

struct Written {
    file: Mutex<BufWriter<File>>,
    began: Instant,
}

impl History {
    pub(crate) fn create(file: &Path) -> io::Result<Self> {
        let file = Mutex::new(BufWriter::new(File::create(file)?));
        let began = Instant::now();
        Ok(Self(Arc::new(Written { file, began })))
    }

    /// Who writes down what happens in a scene.
    pub(crate) fn recorder(&self, scene: &'static str) -> Recorder {
        Recorder {
            scene,
            written: Arc::clone(&self.0),
            numbers: Arc::default(),
        }
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        self.0.file.lock().unwrap().flush()
    }
}

/// Writes down what happens in a scene. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recorder {
    scene: &'static str,
    written: Arc<Written>,
    numbers: Arc<AtomicU64>,
}

impl Recorder {
    /// In the order in which it is said.
    pub(crate) fn say(&self, what: What) {
        let mut file = self.written.file.lock().unwrap();
        let at = self.now();
        let line = Line {
            at,
            scene: self.scene.to_owned(),
            what,
        };
        serde_json::to_writer(&mut *file, &line).unwrap();
        file.write_all(b"\n").unwrap();
        // What tells of a crash of ours is there after it.
        if !matches!(
            line.what,
            What::Sent { .. } | What::Answered { .. } | What::Delivered(_) | What::Confirmed { .. }
        ) {
            file.flush().unwrap();
        }
    }

    /// Microseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.written.began.elapsed().as_micros()).unwrap()
    }

    /// A number that nothing else in the scene has.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}
