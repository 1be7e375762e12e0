//! What happened in a run, one JSON object on each line, in the order in which it was seen.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by those who see it happen")]
pub struct Line {
    /// Microseconds since the run began.
    pub at: u64,
    /// In which scene.
    pub scene: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the checker knows all of them")]
pub enum What {
    /// A scene begins.
    Scene {
        /// What repeats its plan of faults.
        seed: u64,
        /// What promises it has to keep.
        promise: Promise,
        /// Its sinks; each wants every event.
        sinks: Vec<String>,
    },
    /// A sender begins to send a message, for the first time or once more.
    Sent {
        /// The message.
        message: String,
        /// Its conversation.
        chat: String,
        /// Numbers the sendings of a scene.
        sending: u64,
        /// Signed by somebody else: it must be refused.
        forged: bool,
        /// What it says.
        text: String,
    },
    /// What the sender heard.
    Answered {
        /// Which sending.
        sending: u64,
        /// None: whether it came in, nobody knows.
        status: Option<u16>,
    },
    /// What the inbox has when all is over.
    Stored {
        /// The message.
        message: String,
        /// The delivery that said it.
        delivery: String,
        /// Said before, in another delivery: in no lane.
        duplicate: bool,
    },
    /// A sink took it. Whether the gateway heard so is another matter.
    Delivered(Delivered),
    /// A sink refused it for good.
    Refused {
        /// The sink.
        sink: String,
        /// The message.
        message: String,
        /// Which attempt it said it was.
        attempt: Option<u64>,
        /// What the sink answers: its verdict.
        status: u16,
    },
    /// A sink's answer to what it took, or refused, is on the wire: what the gateway still asks after that, it asks again.
    Confirmed {
        /// The sink.
        sink: String,
        /// The message.
        message: String,
        /// Which attempt it said it was.
        attempt: Option<u64>,
    },
    /// A sink gave up on it.
    Dead {
        /// The message.
        message: String,
        /// The sink.
        sink: String,
        /// Why.
        error: String,
    },
    /// Something begins to fail.
    FaultBegan {
        /// Numbers the faults of a scene.
        fault: u64,
        /// What fails.
        kind: String,
        /// Of whom, and how.
        detail: String,
    },
    /// It is mended.
    FaultEnded {
        /// Which.
        fault: u64,
    },
    /// A gateway listens.
    ProcessStarted {
        /// Its name.
        process: String,
        /// Its process id.
        id: u32,
    },
    /// A gateway is gone, or did not come up.
    ProcessEnded {
        /// Its name.
        process: String,
        /// How.
        how: String,
        /// It was killed: of what it had in its hands nobody knows how it ended.
        killed: bool,
    },
    /// The scene is over: the faults are mended, and it had time to come to rest.
    Rested {
        /// What did not come to rest, if something did not.
        trouble: Option<String>,
    },
}

/// An event as a sink took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by those who see it happen")]
pub struct Delivered {
    /// The sink.
    pub sink: String,
    /// Where: a sink that is a file has one on each node, and their order among each other is nobody's.
    pub place: String,
    /// The message.
    pub message: String,
    /// The event's key.
    pub key: String,
    /// Which attempt it says it is; none where nobody counts.
    pub attempt: Option<u64>,
    /// What it says.
    pub text: String,
    /// When it was there at the latest, in microseconds since the run began, where that is not when the line was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there_at: Option<u64>,
}

/// What a scene promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the checker knows all of them")]
pub enum Promise {
    /// An inbox: stored before it is answered, each sink gets it, in order, repeated as marked attempts only (I1 to I6).
    Inbox,
    /// No inbox, a guard: handed over before it is answered, and each sending hands it over once at most (G1 to G8).
    Guard,
}

/// Reads a history.
///
/// # Errors
///
/// If it cannot be read, or a line is none: then with its number.
pub fn read(file: &Path) -> io::Result<Vec<Line>> {
    let file = BufReader::new(File::open(file)?);
    let lines = file.lines().enumerate().map(|(index, line)| {
        let wrong = |error: &dyn fmt::Display| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {} is none of a history: {error}", index + 1),
            )
        };
        serde_json::from_str(&line?).map_err(|error| wrong(&error))
    });
    lines.collect()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}
