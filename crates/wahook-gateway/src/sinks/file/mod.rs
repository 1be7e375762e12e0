//! Events as JSON lines in a file.
//!
//! One thread writes for all lanes: while it flushes, further events wait, and are then written and flushed together.

mod aside;
mod opened;
mod options;
mod writer;

use std::{io, path::Path, sync::Arc, thread};

use wahook_core::{
    BoxFuture, Clock,
    guard::{OpenError, OpenErrorKind},
    model::Event,
    sink::{Delivered, Sink},
};

pub use self::options::FileOptions;
use self::{opened::Opened, writer::Writer};
use super::{
    Form,
    queue::{Queue, queue},
};

/// Appends events to a file, one on each line; an event is done when its line is on stable storage.
///
/// - A line is never torn: what was cut by a crash or by a full disk was not confirmed, and is cut off.
/// - A file that was put aside or removed by somebody else, such as logrotate, is noticed before the next line, and a
///   new one is made.
/// - While the disk is full or broken the sink is unavailable; it goes on by itself.
/// - One writer at a time: the file is locked. Another waits, unavailable, until the first is gone.
#[derive(Clone, Debug)]
pub struct FileSink {
    form: Form,
    lines: Queue<Vec<u8>>,
}

impl FileSink {
    /// Opens the file, which is made if it is not there, and starts its writer.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`] if there cannot be such a file, [`OpenErrorKind::Refused`] if it cannot be written.
    pub fn open(options: FileOptions, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        // What a service is told relative to its folder must not move if that does.
        let path = std::path::absolute(&options.path)
            .map_err(|error| failed(OpenErrorKind::Address, "the path of the file is none", error))?;
        let opened = match Opened::open(&path) {
            Ok(opened) => Some(opened),
            // Its writer may be the one that this one replaces while serving.
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => None,
            Err(error) => return Err(not_opened(&path, error)),
        };
        let form = options.form;
        let (lines, waiting) = queue();
        let writer = Writer {
            options: FileOptions { path, ..options },
            clock,
            opened,
        };
        thread::Builder::new()
            .name("file".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| failed(OpenErrorKind::Refused, "no thread can be started", error))?;
        Ok(Self { form, lines })
    }
}

impl Sink for FileSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(self.lines.write(self.form, events, GONE))
    }
}

const GONE: &str = "the writer of the file is gone";

fn not_opened(path: &Path, error: io::Error) -> OpenError {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let text = format!("the directory of {shown} does not exist: make it first");
            OpenError::new(OpenErrorKind::Address, text)
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => failed(
            OpenErrorKind::Address,
            &format!("{shown} cannot be a file of events"),
            error,
        ),
        _ => failed(
            OpenErrorKind::Refused,
            &format!("{shown} cannot be written"),
            error,
        ),
    }
}

fn failed(kind: OpenErrorKind, text: &str, error: io::Error) -> OpenError {
    OpenError::new(kind, text).because(error)
}
