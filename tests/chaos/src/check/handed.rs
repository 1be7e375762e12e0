//! What an inbox promises of what is in it and of what it hands over.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Rule, seen::Seen};
use crate::history::Delivered;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    stored(seen, found);
    let mut places: BTreeMap<(&str, &str), Vec<(usize, &Delivered)>> = BTreeMap::new();
    for (line, one) in &seen.delivered {
        places
            .entry((&one.sink, &one.place))
            .or_default()
            .push((*line, one));
    }
    once_unless_marked(seen, found);
    for ((sink, _), delivered) in places {
        counts_up(&delivered, found);
        in_order(seen, sink, &delivered, found);
    }
}

fn stored(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (id, message) in &seen.messages {
        let stored = message.stored.as_slice();
        if message.forged {
            if let [line, ..] = *stored {
                let text = format!("{id} does not verify and is stored");
                found.add(Rule::RefusedGoesNowhere, text, [message.first_sent, line]);
            }
            continue;
        }
        match (message.acknowledged, stored) {
            (_, [_]) | (None, []) => {}
            (Some(line), []) => {
                let text = format!("{id} was acknowledged and is not stored");
                found.add(Rule::AnsweredIsStored, text, [message.first_sent, line]);
            }
            (_, several) => {
                let text = format!("{id} is stored {} times", several.len());
                found.add(Rule::StoredOnce, text, several.iter().copied());
            }
        }
    }
}

/// In all places of a sink together: one key for each message, one message for each key, each attempt once.
fn once_unless_marked(seen: &Seen<'_>, found: &mut Found<'_>) {
    let mut attempts = BTreeMap::new();
    let (mut keys, mut messages) = (BTreeMap::new(), BTreeMap::new());
    for (line, one) in &seen.delivered {
        if one.attempt.is_none() {
            let text = format!(
                "{} came to {} and does not say which attempt it is",
                one.message, one.sink
            );
            found.add(Rule::OnceUnlessMarked, text, [*line]);
        }
        let (sink, id, key) = (one.sink.as_str(), one.message.as_str(), one.key.as_str());
        if let Some(before) = attempts.insert((sink, id, one.attempt), *line) {
            let text = format!("{sink} has {id} twice as attempt {}", number(one));
            found.add(Rule::OnceUnlessMarked, text, [before, *line]);
        }
        let (before, other) = *keys.entry((sink, id)).or_insert((*line, key));
        if other != key {
            let text = format!("{id} came to {sink} under two keys");
            found.add(Rule::OnceUnlessMarked, text, [before, *line]);
        }
        let (before, other) = *messages.entry((sink, key)).or_insert((*line, id));
        if other != id {
            let text = format!("{other} and {id} came to {sink} under one key");
            found.add(Rule::OnceUnlessMarked, text, [before, *line]);
        }
    }
}

/// In one place the attempts of a message count up.
fn counts_up(delivered: &[(usize, &Delivered)], found: &mut Found<'_>) {
    let mut highest: BTreeMap<&str, (usize, &Delivered)> = BTreeMap::new();
    for (line, one) in delivered {
        match highest.get(one.message.as_str()) {
            // The same one twice is found elsewhere.
            Some((before, higher)) if one.attempt < higher.attempt => {
                let (id, sink) = (&one.message, &one.sink);
                let (before_that, now) = (number(higher), number(one));
                let text = format!("{id} came to {sink} as attempt {before_that}, then as {now}");
                found.add(Rule::OnceUnlessMarked, text, [*before, *line]);
            }
            _ => {
                highest.insert(&one.message, (*line, one));
            }
        }
    }
}

fn number(one: &Delivered) -> u64 {
    one.attempt.unwrap_or_default()
}

/// In one place, of what came for the first time: nothing that was acknowledged before another of its conversation was sent
/// comes after it. What the sink gave up on is out of the order.
fn in_order(seen: &Seen<'_>, sink: &str, delivered: &[(usize, &Delivered)], found: &mut Found<'_>) {
    let mut came = BTreeSet::new();
    // By conversation: of what came so far, what was sent last, with when it was and where it came.
    let mut last: BTreeMap<&str, (usize, &str, usize)> = BTreeMap::new();
    for (line, one) in delivered {
        let id = one.message.as_str();
        let Some(message) = seen.messages.get(id) else {
            continue;
        };
        if !came.insert(id) || seen.dead.contains_key(&(sink, id)) {
            continue;
        }
        if let (Some(acknowledged), Some((sent, other, there))) =
            (message.acknowledged, last.get(message.chat))
            && acknowledged < *sent
        {
            let text = format!("{id} was acknowledged before {other} was sent, and came to {sink} after it");
            found.add(Rule::InOrder, text, [acknowledged, *sent, *there, *line]);
        }
        let sent = (message.first_sent, id, *line);
        let latest = last.entry(message.chat).or_insert(sent);
        *latest = sent.max(*latest);
    }
}
