//! Who was answered what, and whether that was kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use serde::Deserialize;

/// An event as a sink was handed it: as much of it as matters here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) attempt: u64,
    pub(crate) replay_of: Option<String>,
    delivery: Came,
    data: Said,
}

#[derive(Clone, Debug, Deserialize)]
struct Came {
    id: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Said {
    message_id: String,
}

impl Line {
    pub(crate) fn read(text: &[u8]) -> Self {
        serde_json::from_slice(text)
            .unwrap_or_else(|error| panic!("no event: {error}: {}", String::from_utf8_lossy(text)))
    }

    pub(crate) fn message(&self) -> &str {
        &self.data.message_id
    }

    pub(crate) fn delivery(&self) -> &str {
        &self.delivery.id
    }
}

/// The events of all files of a file sink, the oldest first; without the end of a line that is being written.
pub(super) fn lines(file: &Path) -> Vec<Line> {
    let name = file.file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(file.parent().unwrap()).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name))
        .collect();
    // The one that is written to has the shortest name and the newest events.
    files.sort_by_key(|path| (path == file, path.clone()));
    let text = files.iter().map(|path| fs::read(path).unwrap());
    let text: Vec<Vec<u8>> = text.collect();
    let whole = text
        .iter()
        .flat_map(|text| text.split_inclusive(|byte| *byte == b'\n'));
    whole
        .filter(|line| line.ends_with(b"\n"))
        .map(Line::read)
        .collect()
}

/// The messages that were acknowledged. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<BTreeSet<String>>>);

impl Ledger {
    /// This message was answered with 200.
    pub(crate) fn acknowledged(&self, message: String) {
        self.0.lock().unwrap().insert(message);
    }

    /// Whether all that was acknowledged is in these lines.
    pub(crate) fn is_covered_by<'a>(&self, lines: impl IntoIterator<Item = &'a Line>) -> bool {
        self.missing(lines).is_empty()
    }

    fn missing<'a>(&self, lines: impl IntoIterator<Item = &'a Line>) -> Vec<String> {
        let there: BTreeSet<_> = lines.into_iter().map(Line::message).collect();
        let acknowledged = self.0.lock().unwrap();
        let missing = acknowledged.iter().filter(|id| !there.contains(id.as_str()));
        missing.cloned().collect()
    }

    /// Nothing is missing, nothing is doubled but what says that it is another attempt, and each conversation is in order.
    pub(crate) fn check(&self, lines: &[Line]) -> Result<(), String> {
        self.check_union(&[lines])
    }

    /// The same for a sink that has a place on each node: nothing is missing in all of them together, and each of them
    /// is in order.
    pub(crate) fn check_union(&self, places: &[&[Line]]) -> Result<(), String> {
        let missing = self.missing(places.iter().copied().flatten());
        if !missing.is_empty() {
            let first = &missing[..missing.len().min(5)];
            return Err(format!(
                "{} acknowledged messages are lost: {first:?}",
                missing.len()
            ));
        }
        let (mut seen, mut keys) = (BTreeSet::new(), BTreeMap::new());
        for line in places.iter().copied().flatten() {
            let (id, key, attempt) = (line.message(), &line.key, line.attempt);
            if !seen.insert((id, attempt)) {
                return Err(format!("{id} came twice as attempt {attempt}"));
            }
            if keys.insert(id, key).is_some_and(|before| before != key) {
                return Err(format!("{id} came again under another key: {key}"));
            }
        }
        places.iter().try_for_each(|lines| in_order(lines))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Whether attempts of one message count up, and messages of one conversation come one after the other.
fn in_order(lines: &[Line]) -> Result<(), String> {
    let mut attempts = BTreeMap::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines {
        let id = line.message();
        match attempts.insert(id, line.attempt) {
            Some(before) if line.attempt <= before => {
                return Err(format!("{id} came as attempt {before}, then {}", line.attempt));
            }
            Some(_) => continue,
            None => {}
        }
        let (chat, number) = id.rsplit_once('-').ok_or("a message of nobody's")?;
        let number: u64 = number.parse().map_err(|_| "a message of nobody's")?;
        if let Some(before) = last.insert(chat, number)
            && number <= before
        {
            return Err(format!("{chat} is out of order: {before}, then {number}"));
        }
    }
    Ok(())
}

#[test]
fn i3_the_ledger_notices_what_is_lost_doubled_or_out_of_order() {
    let ledger = Ledger::default();
    for id in ["a-1", "a-2", "b-1"] {
        ledger.acknowledged(id.to_owned());
    }
    let line = |id: &str, attempt: u64, key: &str| {
        let (data, delivery) = (
            serde_json::json!({"message_id": id}),
            serde_json::json!({"id": "d"}),
        );
        let line = serde_json::json!({"key": key, "attempt": attempt, "delivery": delivery, "data": data});
        Line::read(line.to_string().as_bytes())
    };
    let lines = |lines: &[(&str, u64)]| -> Vec<_> {
        let lines = lines.iter();
        lines.map(|(id, attempt)| line(id, *attempt, id)).collect()
    };
    let check = |some: &[(&str, u64)]| ledger.check(&lines(some));
    assert_eq!(check(&[("a-1", 1), ("b-1", 1), ("a-2", 1)]), Ok(()));
    assert_eq!(check(&[("a-1", 1), ("b-1", 1), ("a-1", 2), ("a-2", 1)]), Ok(()));
    assert!(check(&[("a-1", 1), ("a-2", 1)]).is_err());
    assert!(check(&[("a-1", 1), ("a-1", 1), ("a-2", 1), ("b-1", 1)]).is_err());
    assert!(check(&[("a-1", 2), ("a-1", 1), ("a-2", 1), ("b-1", 1)]).is_err());
    assert!(check(&[("a-2", 1), ("a-1", 1), ("b-1", 1)]).is_err());
    let mut other = lines(&[("a-1", 1), ("b-1", 1), ("a-2", 1)]);
    other.push(line("a-2", 2, "another"));
    assert!(ledger.check(&other).is_err());
    // On two nodes: each has its order, and together they have all of it once.
    let union = |one: &[(&str, u64)], other: &[(&str, u64)]| {
        let (one, other) = (lines(one), lines(other));
        ledger.check_union(&[&one, &other])
    };
    assert_eq!(
        union(&[("a-2", 1)], &[("a-1", 1), ("b-1", 1), ("a-2", 2)]),
        Ok(())
    );
    assert!(union(&[("a-2", 1)], &[("a-1", 1), ("b-1", 1), ("a-2", 1)]).is_err());
    assert!(union(&[("a-2", 1)], &[("a-1", 1)]).is_err());
}
