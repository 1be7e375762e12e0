//! What a history tells of one scene, put in order, and the rules that hold in every scene.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Rule};
use crate::{
    history::{Delivered, Line, Promise, What},
    plan::{CLOCK_MOVED, Kind},
};

/// One scene. Lines are told by their numbers, from 1.
pub(super) struct Seen<'a> {
    pub(super) scene: &'a str,
    pub(super) seed: u64,
    pub(super) promise: Promise,
    pub(super) sinks: &'a [String],
    pub(super) messages: BTreeMap<&'a str, Message<'a>>,
    pub(super) sendings: BTreeMap<u64, Sending<'a>>,
    pub(super) delivered: Vec<(usize, &'a Delivered)>,
    /// By sink and message, with why.
    pub(super) dead: BTreeMap<(&'a str, &'a str), (usize, &'a str)>,
    /// By line.
    pub(super) refused: Vec<Refused<'a>>,
    /// When a sink's answer was on the wire, by sink, message and attempt, with its line.
    pub(super) confirmed: BTreeMap<(&'a str, &'a str, Option<u64>), (usize, u64)>,
    pub(super) faults: BTreeMap<u64, Fault<'a>>,
    pub(super) deaths: Vec<Death>,
    pub(super) starts: u64,
    pub(super) ends: u64,
    rested: Option<(usize, Option<&'a str>)>,
}

pub(super) struct Message<'a> {
    pub(super) chat: &'a str,
    pub(super) text: &'a str,
    pub(super) forged: bool,
    pub(super) first_sent: usize,
    /// The first answer with 200.
    pub(super) acknowledged: Option<usize>,
    /// Where it is stored, but for what is known as said before.
    pub(super) stored: Vec<usize>,
}

pub(super) struct Sending<'a> {
    pub(super) sent: usize,
    /// µs
    pub(super) sent_at: u64,
    pub(super) message: &'a str,
    pub(super) forged: bool,
    /// The line, and the status.
    pub(super) answered: Option<(usize, Option<u16>)>,
    /// µs
    pub(super) answered_at: u64,
}

/// What a sink refused for good.
pub(super) struct Refused<'a> {
    pub(super) line: usize,
    pub(super) sink: &'a str,
    pub(super) message: &'a str,
    pub(super) attempt: Option<u64>,
    pub(super) status: u16,
}

pub(super) struct Fault<'a> {
    pub(super) kind: &'a str,
    pub(super) began: usize,
    pub(super) ended: Option<usize>,
    /// µs
    pub(super) began_at: u64,
    /// µs
    pub(super) ended_at: Option<u64>,
}

/// A gateway was killed between these two moments, in µs.
#[derive(Clone, Copy)]
pub(super) struct Death {
    pub(super) not_before: u64,
    pub(super) not_after: u64,
}

impl<'a> Seen<'a> {
    pub(super) fn scenes(lines: &'a [Line]) -> Vec<Self> {
        let begin = |line: &'a Line| match &line.what {
            What::Scene { seed, promise, sinks } => Some(Self {
                scene: &line.scene,
                seed: *seed,
                promise: *promise,
                sinks,
                messages: BTreeMap::new(),
                sendings: BTreeMap::new(),
                delivered: Vec::new(),
                dead: BTreeMap::new(),
                refused: Vec::new(),
                confirmed: BTreeMap::new(),
                deaths: Vec::new(),
                faults: BTreeMap::new(),
                starts: 0,
                ends: 0,
                rested: None,
            }),
            _ => None,
        };
        let mut scenes: Vec<_> = lines.iter().filter_map(begin).collect();
        for scene in &mut scenes {
            for (index, line) in lines.iter().enumerate() {
                if line.scene == scene.scene {
                    scene.see(index + 1, line);
                }
            }
        }
        scenes
    }

    fn see(&mut self, number: usize, line: &'a Line) {
        match &line.what {
            What::Scene { .. } => {}
            What::Sent {
                message,
                chat,
                sending,
                forged,
                text,
            } => {
                self.messages.entry(message).or_insert(Message {
                    chat,
                    text,
                    forged: *forged,
                    first_sent: number,
                    acknowledged: None,
                    stored: Vec::new(),
                });
                let sending_of = Sending {
                    sent: number,
                    sent_at: line.at,
                    message,
                    forged: *forged,
                    answered: None,
                    answered_at: u64::MAX,
                };
                self.sendings.insert(*sending, sending_of);
            }
            What::Answered { sending, status } => {
                let Some(sending) = self.sendings.get_mut(sending) else {
                    return;
                };
                sending.answered = Some((number, *status));
                sending.answered_at = line.at;
                if *status == Some(200)
                    && let Some(message) = self.messages.get_mut(sending.message)
                {
                    message.acknowledged.get_or_insert(number);
                }
            }
            What::Stored {
                message, duplicate, ..
            } => {
                if let Some(message) = self.messages.get_mut(message.as_str()).filter(|_| !duplicate) {
                    message.stored.push(number);
                }
            }
            What::Delivered(delivered) => self.delivered.push((number, delivered)),
            What::Refused {
                sink,
                message,
                attempt,
                status,
            } => self.refused.push(Refused {
                line: number,
                sink,
                message,
                attempt: *attempt,
                status: *status,
            }),
            What::Confirmed {
                sink,
                message,
                attempt,
            } => {
                self.confirmed
                    .insert((sink, message, *attempt), (number, line.at));
            }
            What::Dead { message, sink, error } => {
                self.dead.insert((sink, message), (number, error));
            }
            What::FaultBegan { fault, kind, .. } => {
                let began = Fault {
                    kind,
                    began: number,
                    ended: None,
                    began_at: line.at,
                    ended_at: None,
                };
                self.faults.insert(*fault, began);
            }
            What::FaultEnded { fault } => {
                if let Some(fault) = self.faults.get_mut(fault) {
                    (fault.ended, fault.ended_at) = (Some(number), Some(line.at));
                }
            }
            What::ProcessStarted { .. } => self.starts += 1,
            What::ProcessEnded { killed, .. } => {
                self.ends += 1;
                if *killed {
                    self.killed(line.at);
                }
            }
            What::Rested { trouble } => self.rested = Some((number, trouble.as_deref())),
        }
    }

    /// One that lasts still is what killed it.
    fn killed(&mut self, at: u64) {
        let kills = [Kind::Kill, Kind::PowerLoss, Kind::Restart].map(Kind::name);
        let faults = self.faults.values();
        let lasting = faults.filter(|fault| fault.ended.is_none() && kills.contains(&fault.kind));
        self.deaths.push(Death {
            not_before: lasting.map(|fault| fault.began_at).min().unwrap_or_default(),
            not_after: at,
        });
    }

    /// The rules that hold whether there is an inbox or not.
    pub(super) fn check(&self, found: &mut Found<'_>) {
        self.answers(found);
        self.as_it_was_sent(found);
        self.reaches_every_sink(found);
        self.given_up_by_sinks(found);
        self.something_happened(found);
        match self.rested {
            None => found.add(Rule::ComesToRest, "the history has no end".to_owned(), []),
            Some((line, Some(trouble))) => found.add(Rule::ComesToRest, trouble.to_owned(), [line]),
            Some((_, None)) => {}
        }
    }

    fn answers(&self, found: &mut Found<'_>) {
        for sending in self.sendings.values() {
            let Some((line, Some(status))) = sending.answered else {
                continue;
            };
            let is_right = match (sending.forged, status) {
                (false, 200 | 503) | (true, 401 | 403 | 503) => true,
                // Its signature is too old or from the future, by a clock that is wrong.
                (false, 401 | 403) => self.clock_was_wrong(sending.sent, line),
                _ => false,
            };
            if is_right {
                continue;
            }
            let (rule, is) = if sending.forged {
                (Rule::RefusedGoesNowhere, "forged")
            } else {
                (Rule::AnswersAreRight, "genuine")
            };
            let text = format!("{} is {is} and was answered with {status}", sending.message);
            found.add(rule, text, [sending.sent, line]);
        }
    }

    fn as_it_was_sent(&self, found: &mut Found<'_>) {
        for (line, delivered) in &self.delivered {
            let sink = &delivered.sink;
            let id = &delivered.message;
            match self.messages.get(id.as_str()) {
                Some(message) if message.forged => {
                    let text = format!("{id} does not verify, and {sink} has it");
                    found.add(Rule::RefusedGoesNowhere, text, [message.first_sent, *line]);
                }
                Some(message) if message.first_sent > *line => {
                    let text = format!("{sink} had {id} before it was sent");
                    found.add(Rule::AsItWasSent, text, [*line, message.first_sent]);
                }
                Some(message) if message.text != delivered.text => {
                    let text = format!("{id} says something else in {sink}");
                    found.add(Rule::AsItWasSent, text, [message.first_sent, *line]);
                }
                Some(_) => {}
                None => {
                    let text = format!("{sink} has {id}, which nobody sent");
                    found.add(Rule::AsItWasSent, text, [*line]);
                }
            }
        }
    }

    fn reaches_every_sink(&self, found: &mut Found<'_>) {
        let there = self.delivered.iter();
        let there: BTreeSet<_> = there
            .map(|(_, one)| (one.sink.as_str(), one.message.as_str()))
            .collect();
        for (id, message) in self.messages.iter().filter(|(_, message)| !message.forged) {
            let known = message
                .acknowledged
                .into_iter()
                .chain(message.stored.iter().copied());
            let known: Vec<_> = known.collect();
            if known.is_empty() {
                continue;
            }
            for sink in self.sinks {
                let place = (sink.as_str(), *id);
                if !there.contains(&place) && !self.dead.contains_key(&place) {
                    let lines = [message.first_sent].into_iter().chain(known.iter().copied());
                    found.add(
                        Rule::ReachesEverySink,
                        format!("{id} never came to {sink}"),
                        lines,
                    );
                }
            }
        }
    }

    fn given_up_by_sinks(&self, found: &mut Found<'_>) {
        for ((sink, id), (line, error)) in &self.dead {
            let mut refused = self.refused.iter();
            let refused = refused.find(|one| one.sink == *sink && one.message == *id);
            match refused {
                Some(refused) if error.contains(&refused.status.to_string()) => {}
                Some(refused) => {
                    let text = format!(
                        "{id} is a dead letter of {sink} for {error:?}, which is not what {sink} said"
                    );
                    found.add(Rule::GivenUpBySinks, text, [refused.line, *line]);
                }
                None => {
                    let text = format!("{id} is a dead letter of {sink}, which never refused it: {error:?}");
                    let sent = self.messages.get(id).map(|message| message.first_sent);
                    found.add(Rule::GivenUpBySinks, text, sent.into_iter().chain([*line]));
                }
            }
        }
    }

    /// What proves nothing, whatever else it says.
    fn something_happened(&self, found: &mut Found<'_>) {
        let mut missing = |what: &str| found.add(Rule::SomethingHappens, what.to_owned(), []);
        if self
            .messages
            .values()
            .all(|message| message.acknowledged.is_none())
        {
            missing("no message was acknowledged");
        }
        for sink in self.sinks {
            if self.delivered.iter().all(|(_, one)| one.sink != *sink) {
                missing(&format!("nothing came to {sink}"));
            }
        }
        if self.faults.is_empty() {
            missing("nothing failed");
        }
    }

    fn clock_was_wrong(&self, from: usize, to: usize) -> bool {
        self.faults.values().any(|fault| {
            fault.kind == CLOCK_MOVED && fault.began < to && fault.ended.is_none_or(|ended| ended > from)
        })
    }
}
