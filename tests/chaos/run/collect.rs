//! What is there when all is over: in the inbox, in file sinks, among the dead letters.

use std::{fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use wahook_chaos::history::{Delivered, What};

use crate::{recorder::Recorder, rig::Node, watch::Watch};

/// As many as there are.
const ALL: &str = "1000000000";

/// An event as a sink is handed it: as much of it as matters here.
#[derive(Deserialize)]
pub(crate) struct Event {
    key: String,
    attempt: Option<u64>,
    data: Said,
    raw: Raw,
}

#[derive(Deserialize)]
struct Said {
    message_id: String,
}

/// What the provider sent: what it says in a place where nobody reads it survives there.
#[derive(Deserialize)]
struct Raw {
    text: String,
}

impl Event {
    pub(crate) fn read(text: &[u8]) -> Self {
        serde_json::from_slice(text)
            .unwrap_or_else(|error| panic!("no event: {error}: {}", String::from_utf8_lossy(text)))
    }

    pub(crate) fn text(&self) -> &str {
        &self.raw.text
    }

    /// As it stands in a history, but for where.
    pub(crate) fn delivered(self) -> Delivered {
        Delivered {
            sink: String::new(),
            place: String::new(),
            message: self.data.message_id,
            key: self.key,
            attempt: self.attempt,
            text: self.raw.text,
            there_at: None,
        }
    }
}

/// What the file sink of a node has.
pub(crate) fn file_sink(watch: &Watch, sink: &str, place: &str, recorder: &Recorder) {
    let mut length = 0;
    for line in lines(watch.file()) {
        length += line.len() as u64 + 1;
        recorder.say(What::Delivered(Delivered {
            sink: sink.to_owned(),
            place: place.to_owned(),
            there_at: watch.reached(length),
            ..Event::read(line.as_bytes()).delivered()
        }));
    }
}

fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "half a line at the end of {}",
        file.display()
    );
    text.lines().map(str::to_owned).collect()
}

#[derive(Deserialize)]
struct Row {
    delivery: String,
    message_id: String,
    duplicate: bool,
}

#[derive(Deserialize)]
struct DeadRow {
    sink: String,
    error: String,
    event: Row,
}

/// What the inbox has.
pub(crate) fn inbox(node: &Node, recorder: &Recorder) {
    for row in ask::<Row>(node, &["events", "list", "--oldest"]) {
        recorder.say(What::Stored {
            message: row.message_id,
            delivery: row.delivery,
            duplicate: row.duplicate,
        });
    }
    for dead in ask::<DeadRow>(node, &["dead", "list"]) {
        recorder.say(What::Dead {
            message: dead.event.message_id,
            sink: dead.sink,
            error: dead.error,
        });
    }
}

/// What a verb of the program lists.
fn ask<T: DeserializeOwned>(node: &Node, verb: &[&str]) -> Vec<T> {
    let all = [verb, &["--json", "--reveal", "--limit", ALL]].concat();
    let output = node.verb(&all).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Exit code 1 says that there are dead letters.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{verb:?}: {said}");
    let lines = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap_or_else(|error| panic!("{verb:?}: {error}")))
        .collect()
}
