//! Who was answered what, and whether that was kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use serde_json::Value;

/// The messages that were acknowledged. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<BTreeSet<String>>>);

impl Ledger {
    /// This message was answered with 200.
    pub(super) fn acknowledged(&self, message: String) {
        self.0.lock().unwrap().insert(message);
    }

    /// Whether all that was acknowledged is in these lines.
    pub(super) fn is_covered_by(&self, lines: &[Value]) -> bool {
        self.missing(lines).is_empty()
    }

    fn missing(&self, lines: &[Value]) -> Vec<String> {
        let there: BTreeSet<_> = lines.iter().filter_map(message).collect();
        let acknowledged = self.0.lock().unwrap();
        let missing = acknowledged.iter().filter(|id| !there.contains(id.as_str()));
        missing.cloned().collect()
    }

    /// Nothing is missing, nothing is doubled but what says that it is another attempt, and each conversation is in order.
    pub(super) fn check(&self, lines: &[Value]) -> Result<(), String> {
        let missing = self.missing(lines);
        if !missing.is_empty() {
            let first = &missing[..missing.len().min(5)];
            return Err(format!(
                "{} acknowledged messages are lost: {first:?}",
                missing.len()
            ));
        }
        let mut attempts = BTreeMap::new();
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines {
            let id = message(line).ok_or("an event of nobody's")?;
            let attempt = line["attempt"].as_u64().ok_or("an event without an attempt")?;
            match attempts.insert(id.to_owned(), attempt) {
                Some(before) if attempt <= before => {
                    return Err(format!("{id} came twice: attempt {before}, then {attempt}"));
                }
                Some(_) => continue,
                None => {}
            }
            let (chat, number) = id.rsplit_once('-').ok_or("a message of nobody's")?;
            let number: u64 = number.parse().map_err(|_| "a message of nobody's")?;
            if let Some(before) = last.insert(chat.to_owned(), number)
                && number <= before
            {
                return Err(format!("{chat} is out of order: {before}, then {number}"));
            }
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn message(line: &Value) -> Option<&str> {
    line["data"]["message_id"].as_str()
}

#[test]
fn i3_the_ledger_notices_what_is_lost_doubled_or_out_of_order() {
    let ledger = Ledger::default();
    for id in ["a-1", "a-2", "b-1"] {
        ledger.acknowledged(id.to_owned());
    }
    let line = |id: &str, attempt: u64| serde_json::json!({"attempt": attempt, "data": {"message_id": id}});
    let check = |lines: &[(&str, u64)]| {
        let lines: Vec<_> = lines.iter().map(|(id, attempt)| line(id, *attempt)).collect();
        ledger.check(&lines)
    };
    assert_eq!(check(&[("a-1", 1), ("b-1", 1), ("a-2", 1)]), Ok(()));
    assert_eq!(check(&[("a-1", 1), ("b-1", 1), ("a-1", 2), ("a-2", 1)]), Ok(()));
    assert!(check(&[("a-1", 1), ("a-2", 1)]).is_err());
    assert!(check(&[("a-1", 1), ("a-1", 1), ("a-2", 1), ("b-1", 1)]).is_err());
    assert!(check(&[("a-2", 1), ("a-1", 1), ("b-1", 1)]).is_err());
}
