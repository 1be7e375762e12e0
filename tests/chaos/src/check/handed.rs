//! What an inbox promises of what is in it and of what it hands over.

use std::collections::{BTreeMap, BTreeSet};

use super::{Excused, Found, Rule, excuses::last_at_once, seen::Seen};
use crate::history::{Delivered, Line};

pub(super) fn check(seen: &Seen<'_>, lines: &[Line], found: &mut Found<'_>) -> Excused {
    stored(seen, found);
    let mut places: BTreeMap<(&str, &str), Vec<(usize, &Delivered)>> = BTreeMap::new();
    for (line, one) in &seen.delivered {
        places
            .entry((&one.sink, &one.place))
            .or_default()
            .push((*line, one));
    }
    once_unless_marked(seen, found);
    for delivered in places.into_values() {
        counts_up(&delivered, found);
        in_order(seen, &delivered, found);
    }
    not_again(seen, lines, found)
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

/// What was handed over, or refused, and when the sink's answer was on the wire.
struct HandOver {
    line: usize,
    at: u64,
    confirmed: Option<(usize, u64)>,
    /// Over a connection; else it is a file, in which there is nothing that was not confirmed but what a kill left.
    asked: bool,
}

/// In all places of a sink together: what it confirmed comes again only if the mark may be lost.
fn not_again(seen: &Seen<'_>, lines: &[Line], found: &mut Found<'_>) -> Excused {
    let mut all: BTreeMap<(&str, &str), Vec<HandOver>> = BTreeMap::new();
    let mut lanes: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    let chat = |id: &str| seen.messages.get(id).map_or("", |message| message.chat);
    let mut asked = |line: usize, sink, id, attempt| {
        let at = lines.get(line - 1).map_or(0, |line| line.at);
        lanes.entry((sink, chat(id))).or_default().push(at);
        let confirmed = seen.confirmed.get(&(sink, id, attempt)).copied();
        HandOver {
            line,
            at,
            confirmed,
            asked: true,
        }
    };
    for (line, one) in &seen.delivered {
        let (sink, id) = (one.sink.as_str(), one.message.as_str());
        let handed = match one.there_at {
            Some(at) => HandOver {
                line: *line,
                at,
                confirmed: Some((*line, at)),
                asked: false,
            },
            None => asked(*line, sink, id, one.attempt),
        };
        all.entry((sink, id)).or_default().push(handed);
    }
    for one in &seen.refused {
        let handed = asked(one.line, one.sink, one.message, one.attempt);
        all.entry((one.sink, one.message)).or_default().push(handed);
    }
    lanes.values_mut().for_each(|lane| lane.sort_unstable());
    let mut excused = Excused::default();
    for ((sink, id), mut handed) in all {
        handed.sort_unstable_by_key(|one| (one.at, one.line));
        for (index, one) in handed.iter().enumerate() {
            let Some((line, at)) = one.confirmed else {
                continue;
            };
            excused.of += 1;
            let last = match lanes.get(&(sink, chat(id))) {
                Some(lane) if one.asked => last_at_once(lane, at),
                _ => at,
            };
            if seen.mark_may_be_lost(at, last, one.asked) {
                excused.count += 1;
            } else if let Some(again) = handed.get(index + 1) {
                let text = format!("{sink} confirmed {id}, and is handed it again");
                let lines: BTreeSet<_> = [one.line, line, again.line].into();
                found.add(Rule::NotAgainOnceConfirmed, text, lines);
            }
        }
    }
    excused
}

/// In one place, of what came for the first time: nothing that was acknowledged before another of its conversation was sent
/// comes after it. What the sink refused never came.
fn in_order(seen: &Seen<'_>, delivered: &[(usize, &Delivered)], found: &mut Found<'_>) {
    let mut came = BTreeSet::new();
    // By conversation: of what came so far, what was sent last, with when it was and where it came.
    let mut last: BTreeMap<&str, (usize, &str, usize)> = BTreeMap::new();
    for (line, one) in delivered {
        let id = one.message.as_str();
        let Some(message) = seen.messages.get(id) else {
            continue;
        };
        if !came.insert(id) {
            continue;
        }
        if let (Some(acknowledged), Some((sent, other, there))) =
            (message.acknowledged, last.get(message.chat))
            && acknowledged < *sent
        {
            let text = format!(
                "{id} was acknowledged before {other} was sent, and came to {} after it",
                one.sink
            );
            found.add(Rule::InOrder, text, [acknowledged, *sent, *there, *line]);
        }
        let sent = (message.first_sent, id, *line);
        let latest = last.entry(message.chat).or_insert(sent);
        *latest = sent.max(*latest);
    }
}
