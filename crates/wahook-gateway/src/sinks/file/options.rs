//! Where the lines go, and when a new file begins.

use std::{
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
    time::Duration,
};

use super::super::Form;

/// A file of JSON lines.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written from the configuration")]
pub struct FileOptions {
    /// The file that is written to, such as `events.jsonl`; its directory must exist. Made for its owner only.
    pub path: PathBuf,
    /// What a line looks like.
    pub form: Form,
    /// A file is put aside as `events.jsonl.000001`, `.000002` and so on, the newest with the
    /// highest number, before it would have more bytes than this; 256 MiB by default. What is handed over at once stays
    /// together, and has a file of its own if it is larger.
    pub max_bytes: NonZeroU64,
    /// A file whose first line is so old is put aside before the next one is written; none by default.
    pub max_age: Option<Duration>,
    /// So many files are kept that were put aside, and older ones removed. All by default: nothing that was handed over
    /// is removed unless somebody says so.
    pub keep: Option<NonZeroU32>,
}

impl FileOptions {
    /// This file, and the defaults.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            form: Form::default(),
            max_bytes: MAX_BYTES,
            max_age: None,
            keep: None,
        }
    }
}

const MAX_BYTES: NonZeroU64 = match NonZeroU64::new(256 << 20) {
    Some(bytes) => bytes,
    None => NonZeroU64::MIN,
};
