//! Both sides of the gateway, written down: what was sent and how it was answered, and what came to the sinks.
//!
//! ```text
//! traffic ─began, answered→ Ledger ←arrived─ sinks
//!                             └ judge → Tally
//! ```
//!
//! It believes nobody: what the gateway says of itself, its counters and dead letters, is one more side to compare.

mod judge;
mod order;
mod promise;
mod repeats;
mod sink;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    time::Duration,
};

use bytes::Bytes;
use wahook_core::{model::Kind, proof::RefusalKind};

use self::sink::{Arrived, Sink};
pub(super) use self::{
    judge::Claims,
    promise::{Promise, Tally},
    sink::{SinkFigures, Taking},
};
use super::{arrival::Arrival, mark::Mark, reading::Reading, traffic::Play};

/// One request, in short: there may be a million.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) provider: &'static str,
    pub(super) sample: &'static str,
    pub(super) play: Play,
    /// Nothing, if there was no answer.
    pub(super) status: Option<u16>,
    pub(super) fate: Fate,
    /// When it began, counted in beginnings and answers of all.
    began: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// 200, the first of its key and body.
    Accepted,
    /// 200, as another before it.
    Copy,
    /// Anything else; why, as far as the sender can tell.
    Refused(&'static str),
    /// No answer, or none yet.
    Unanswered,
}

/// Which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(usize);

/// An event that was sent, in whichever delivery.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// The first request that said it, and its place among what that said.
    request: RequestId,
    place: usize,
    lane: Mark,
    kind: Kind,
    /// It was accepted after this, as beginnings and answers count, …
    after: u64,
    /// … and before this, if it was accepted for certain.
    before: Option<u64>,
}

/// An answer as the sender saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: Option<u16>,
    pub(super) body: Bytes,
    /// When it came, or nobody waited any longer.
    pub(super) when: Duration,
}

/// Everything that was sent and that came.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    now: u64,
    requests: Vec<Request>,
    /// What verifies, and the first answer to it: status and body.
    copies: HashMap<Mark, (u16, Mark)>,
    /// What verifies and was answered 200, whatever was answered before.
    taken: HashSet<Mark>,
    /// Keys of deliveries, with the first body.
    keys: HashMap<Mark, Mark>,
    accepted: usize,
    conflicts: u64,
    events: HashMap<Mark, Sent>,
    /// Every pair of an event and what it may say.
    contents: HashSet<Mark>,
    /// What requests said that were refused.
    refused: HashMap<Mark, RequestId>,
    sinks: Vec<Sink>,
    /// When the process stood still, each time until then.
    stalls: Vec<Duration>,
    /// Wrong answers, and when they came, that are no lies if the process stood still.
    doubtful: Vec<(Duration, String)>,
    tally: Tally,
}

/// For so long after the process stood still, its parts may be out of step.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Why a request was not taken that the gateway wants to have later.
const AGAIN: &str = "send again";

/// The one body of 200; every other answer has none (A).
const RECEIVED: &[u8] = br#"{"received":true}"#;

impl Ledger {
    /// For these sinks, each of which shall get everything.
    pub(super) fn new(sinks: &[&'static str]) -> Self {
        let sinks = sinks.iter().map(|&name| Sink::new(name));
        Self {
            sinks: sinks.collect(),
            ..Self::default()
        }
    }

    /// Whether its key is free, or that of the same body. Two deliveries that share a key by chance would be a conflict
    /// that nobody planned.
    pub(super) fn is_free(&mut self, reading: &Reading) -> bool {
        *self.keys.entry(reading.key).or_insert(reading.copy) == reading.copy
    }

    /// A request begins.
    pub(super) fn began(
        &mut self,
        provider: &'static str,
        sample: &'static str,
        play: Play,
        reading: &Reading,
    ) -> RequestId {
        self.now += 1;
        // Now and not with the answer: an event may be at its sink before the answer is at its sender. What does not
        // verify was said by nobody, whoever's key it bears; what is cut off was never said to the end.
        if reading.refusal.is_none() && !play.is_cut_off() {
            let contents = reading
                .events
                .iter()
                .flat_map(|said| said.contents.map(|content| pair(said.event, content)));
            self.contents.extend(contents);
        }
        self.requests.push(Request {
            provider,
            sample,
            play,
            status: None,
            fate: Fate::Unanswered,
            began: self.now,
        });
        RequestId(self.requests.len() - 1)
    }

    /// It was answered, or will not be.
    pub(super) fn answered(&mut self, id: RequestId, reading: &Reading, expected: &[u16], seen: &Seen) {
        self.now += 1;
        let answered = self.now;
        let Some(request) = self.requests.get_mut(id.0) else {
            return;
        };
        request.status = seen.status;
        let began = request.began;
        let bare: &[u8] = if seen.status == Some(200) { RECEIVED } else { b"" };
        if seen.status.is_some_and(|status| expected.contains(&status)) && seen.body == bare {
            self.tally.held(Promise::Answer);
        } else {
            let line = format!("{request}: {}", wrong_answer(expected, seen));
            match seen.status {
                // Also the answer to a sender that stood still, and who stood still is known later.
                None | Some(408 | 503) => self.doubtful.push((seen.when, line)),
                _ => self.tally.broken(Promise::Answer, || line),
            }
        }
        self.compare_copies(id, reading, seen);
        match seen.status {
            Some(200) => self.said(id, reading, began, Some(answered)),
            // It may be stored all the same: the provider would send it again.
            Some(500..) => {
                self.fate(id, Fate::Refused(AGAIN));
                self.said(id, reading, began, None);
            }
            Some(status) => {
                self.fate(id, Fate::Refused(why(status, reading)));
                let marks = reading.events.iter().map(|said| said.event);
                self.refused.extend(marks.map(|mark| (mark, id)));
            }
            // It may have been accepted.
            None => self.said(id, reading, began, None),
        }
    }

    fn fate(&mut self, id: RequestId, fate: Fate) {
        if let Some(request) = self.requests.get_mut(id.0) {
            request.fate = fate;
        }
    }

    fn compare_copies(&mut self, id: RequestId, reading: &Reading, seen: &Seen) {
        let Some(status) = seen.status else { return };
        let is_whole = self.request(id).is_some_and(|request| !request.play.is_cut_off());
        if reading.refusal.is_some() || !is_whole {
            if status == 200 {
                // It must not be so, but it is.
                self.fate(id, Fate::Accepted);
            }
            return;
        }
        if status == 200 {
            let first_body = *self.keys.entry(reading.key).or_insert(reading.copy);
            if self.taken.insert(reading.copy) {
                self.fate(id, Fate::Accepted);
                self.accepted += 1;
                // Where nobody knows whether the first body was taken, nobody knows of a conflict either.
                let conflict = first_body != reading.copy && self.taken.contains(&first_body);
                self.conflicts += u64::from(conflict);
            } else {
                self.fate(id, Fate::Copy);
            }
        }
        if status == 408 || status >= 500 {
            // It is to be sent again, and will be answered otherwise then.
            return;
        }
        let answer = (status, Mark::of(&[&String::from_utf8_lossy(&seen.body)]));
        let Some(first) = self.copies.get(&reading.copy).copied() else {
            self.copies.insert(reading.copy, answer);
            return;
        };
        if first == answer {
            self.tally.held(Promise::Alike);
        } else if let Some(request) = self.request(id) {
            self.tally.broken(Promise::Alike, || {
                format!(
                    "{request}: the first was answered {}, this copy {status}",
                    first.0
                )
            });
        }
    }

    fn request(&self, id: RequestId) -> Option<Request> {
        self.requests.get(id.0).copied()
    }

    fn said(&mut self, id: RequestId, reading: &Reading, began: u64, answered: Option<u64>) {
        for (place, said) in reading.events.iter().enumerate() {
            let sent = self.events.entry(said.event).or_insert(Sent {
                request: id,
                place,
                lane: said.lane,
                kind: said.kind,
                after: began,
                before: None,
            });
            sent.after = sent.after.min(began);
            sent.before = match (sent.before, answered) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// An event came to a sink, by its place in the list of sinks; nothing if it could not be read. `when` is told by
    /// sinks that know it.
    pub(super) fn arrived(
        &mut self,
        sink: usize,
        arrival: Option<Arrival>,
        taking: Taking,
        when: Option<Duration>,
    ) {
        let Some(sink) = self.sinks.get_mut(sink) else {
            return;
        };
        match arrival {
            None => sink.unreadable += 1,
            Some(arrival) => sink.arrivals.push(Arrived {
                event: arrival.event,
                attempt: arrival.attempt,
                replay: arrival.replay,
                sound: self.contents.contains(&pair(arrival.event, arrival.content)),
                taking,
                when,
            }),
        }
    }
}

impl Ledger {
    /// From here on, dead letters of this sink may come again, with their attempts counted anew.
    pub(super) fn retried(&mut self, sink: usize) {
        if let Some(sink) = self.sinks.get_mut(sink) {
            sink.retried_from = sink.arrivals.len();
        }
    }

    /// The process stood still until now, so long that somebody may have lost patience.
    pub(super) fn stood_still(&mut self, until: Duration) {
        self.stalls.push(until);
    }

    /// Whether somebody who did nothing wrong may seem to have done so then.
    fn is_near_a_stall(&self, when: Duration) -> bool {
        self.stalls.iter().any(|end| end.abs_diff(when) < AFTERMATH)
    }

    /// How many requests were sent, accepted and found to be broken until now.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            sent: self.requests.len(),
            accepted: self.accepted,
            broken: self.tally.all_broken(),
        }
    }

    pub(super) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Events that were accepted for certain, by kind.
    pub(super) fn kinds(&self) -> BTreeMap<&'static str, u64> {
        let mut kinds = BTreeMap::new();
        for sent in self.events.values().filter(|sent| sent.before.is_some()) {
            *kinds.entry(sent.kind.as_str()).or_default() += 1;
        }
        kinds
    }

    /// What each sink got.
    pub(super) fn sinks(&self) -> Vec<SinkFigures> {
        self.sinks.iter().map(Sink::figures).collect()
    }
}

/// What is shown while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) sent: usize,
    pub(super) accepted: usize,
    pub(super) broken: u64,
}

/// For lines about broken promises: what it was, and nothing of what it said.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.provider, self.sample, self.play.as_str())
    }
}

fn pair(event: Mark, content: Mark) -> Mark {
    event.with(content)
}

fn why(status: u16, reading: &Reading) -> &'static str {
    match (status, reading.refusal) {
        // Before anything is verified.
        (413, _) => RefusalKind::BodyTooLarge.as_str(),
        (408, _) => RefusalKind::BodyTooSlow.as_str(),
        (_, Some(refusal)) => refusal,
        (_, None) => "not known",
    }
}

fn wrong_answer(expected: &[u16], seen: &Seen) -> String {
    let words: Vec<_> = expected.iter().map(u16::to_string).collect();
    let words = words.join(" or ");
    match seen.status {
        None => format!("expected {words}, got no answer"),
        Some(status) if expected.contains(&status) => format!("{status} came with another body"),
        Some(status) => format!("expected {words}, got {status}"),
    }
}
