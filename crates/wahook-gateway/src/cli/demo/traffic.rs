//! What is sent: all samples of all providers, and everything that goes wrong on the way of a delivery.
//!
//! The same seed gives the same deliveries in the same order; only who overtakes whom is left to the machine.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use fastrand::Rng;
use http::Uri;
use wahook_core::Endpoint;
use wahook_testkit::{Fault, Outgoing, Sender, samples};

use super::{
    customers::{ACCOUNTS, CHATS, Script},
    receiver::Trial,
};
use crate::{Failure, config::Development};

/// How a delivery is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Play {
    /// As the provider sends it.
    Sound,
    /// With a fault on its way.
    Fault(Fault),
    /// Signed, and of an event that nobody has heard of.
    Unheard,
    /// Signed, and half of it is missing: no JSON.
    Halved,
    /// Signed, and not UTF-8.
    Garbled,
}

impl Play {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let faults = Fault::ALL.iter().map(|fault| Self::Fault(*fault));
        [Self::Sound]
            .into_iter()
            .chain(faults)
            .chain([Self::Unheard, Self::Halved, Self::Garbled])
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Fault(fault) => fault.as_str(),
            Self::Unheard => "unknown event",
            Self::Halved => "not JSON",
            Self::Garbled => "not UTF-8",
        }
    }

    pub(super) const fn fault(self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether less is sent than was announced.
    pub(super) const fn is_cut_off(self) -> bool {
        matches!(self, Self::Fault(Fault::Slow))
    }

    /// How often among a thousand deliveries. What costs much, for its size or for its time, is rare.
    const fn weight(self) -> u32 {
        match self {
            Self::Sound => 680,
            Self::Fault(Fault::Duplicate) => 60,
            Self::Fault(Fault::Oversize) => 4,
            Self::Fault(Fault::Slow) => 6,
            Self::Fault(Fault::Tamper | Fault::WrongSecret) | Self::Unheard => 30,
            Self::Fault(_) | Self::Halved | Self::Garbled => 20,
        }
    }
}

/// A provider that plays along.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) id: &'static str,
    pub(super) sender: Sender,
    scripts: Vec<Script>,
}

/// One delivery that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// The provider, by its place.
    pub(super) actor: usize,
    pub(super) event: &'static str,
    pub(super) play: Play,
    /// What the receiver has in store for its first event.
    pub(super) trial: Option<Trial>,
    script: usize,
    chat: u64,
    account: u64,
}

/// Deliveries without end.
#[derive(Debug)]
pub(super) struct Traffic {
    actors: Vec<Arc<Actor>>,
    rng: Rng,
    /// What comes first: everything once, each sample once, and each provider with each fault.
    opening: VecDeque<(usize, usize, Play)>,
    /// For the first that are sent as the provider sends them.
    trials: VecDeque<Trial>,
    /// The providers with samples, by their places.
    speaking: Vec<usize>,
    /// Plays, each with the sum of the weights up to it.
    plays: Vec<(u32, Play)>,
}

/// Twice each: not every delivery says something.
const TRIALS: [Trial; 6] = [
    Trial::Poison,
    Trial::Break,
    Trial::LostAnswer,
    Trial::Poison,
    Trial::Break,
    Trial::LostAnswer,
];

impl Traffic {
    /// From all providers to their endpoints at `base`, which take bodies of at most `cap` bytes.
    pub(super) fn new(endpoints: &[Development], base: &str, cap: usize, seed: u64) -> Result<Self, Failure> {
        let actors = endpoints
            .iter()
            .map(|one| Actor::of(one, base, cap).map(Arc::new));
        let actors: Vec<_> = actors.collect::<Result<_, _>>()?;
        let mut rng = Rng::with_seed(seed);
        let mut opening = Vec::new();
        let mut speaking = Vec::new();
        for (place, actor) in actors.iter().enumerate() {
            if actor.scripts.is_empty() {
                continue;
            }
            speaking.push(place);
            opening.extend((0..actor.scripts.len()).map(|script| (place, script, Play::Sound)));
            for play in Play::all() {
                opening.push((place, actor.script(&mut rng, play), play));
            }
        }
        rng.shuffle(&mut opening);
        // What puts every promise to the test comes first: a machine may be slow, and the time short.
        let mut first = Vec::new();
        for play in Play::all() {
            let times = if play == Play::Sound { TRIALS.len() } else { 1 };
            let of_play = opening.extract_if(.., |(_, _, played)| *played == play);
            first.extend(of_play.take(times));
        }
        rng.shuffle(&mut first);
        first.append(&mut opening);
        let opening = first;
        Ok(Self {
            actors,
            rng,
            opening: opening.into(),
            trials: TRIALS.into(),
            speaking,
            plays: Play::all()
                .scan(0, |sum, play| {
                    *sum += play.weight();
                    Some((*sum, play))
                })
                .collect(),
        })
    }

    pub(super) fn actor(&self, place: usize) -> Option<Arc<Actor>> {
        self.actors.get(place).cloned()
    }

    /// The next one; nothing if no provider has a sample.
    pub(super) fn next(&mut self) -> Option<Delivery> {
        let (place, script, play) = match self.opening.pop_front() {
            Some(first) => first,
            None => self.any()?,
        };
        let trial = match play {
            Play::Sound => self.trials.pop_front(),
            _ => None,
        };
        let actor = self.actors.get(place)?;
        Some(Delivery {
            actor: place,
            event: actor.scripts.get(script)?.sample.event,
            play,
            trial,
            script,
            chat: self.rng.u64(..CHATS),
            account: self.rng.u64(..ACCOUNTS),
        })
    }

    fn any(&mut self) -> Option<(usize, usize, Play)> {
        let place = *self.rng.choice(&self.speaking)?;
        let (all, _) = *self.plays.last()?;
        let drawn = self.rng.u32(..all);
        let (_, play) = *self.plays.iter().find(|(sum, _)| drawn < *sum)?;
        let script = self.actors.get(place)?.script(&mut self.rng, play);
        Some((place, script, play))
    }
}

impl Actor {
    fn of(one: &Development, base: &str, cap: usize) -> Result<Self, Failure> {
        let endpoint = one.route.endpoint.clone();
        let url: Uri = format!("{base}{}", one.route.path)
            .parse()
            .map_err(|_| Failure::io(format!("{base} is no address of this machine")))?;
        let scripts = samples(one.provider.id)
            .into_iter()
            .map(|sample| Script::of(sample, &endpoint));
        Ok(Self {
            id: one.provider.id,
            scripts: scripts.collect(),
            sender: Sender::new(endpoint, one.secret.clone(), url).cap_bytes(cap),
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        self.sender.endpoint()
    }

    fn script(&self, rng: &mut Rng, play: Play) -> usize {
        let fits = |script: &Script| {
            play != Play::Unheard || unheard(script.sample.body, script.sample.event).is_some()
        };
        let fitting: Vec<_> = (0..self.scripts.len())
            .filter(|place| self.scripts.get(*place).is_some_and(fits))
            .collect();
        rng.choice(&fitting)
            .copied()
            .unwrap_or_else(|| rng.usize(..self.scripts.len().max(1)))
    }

    /// The body of a delivery, as the provider signs it; another number makes it another.
    pub(super) fn outgoing(&self, delivery: &Delivery, number: u64) -> Option<Outgoing> {
        let script = self.scripts.get(delivery.script)?;
        let mut outgoing = script.outgoing(number, delivery.chat, delivery.account);
        let body = &outgoing.body;
        outgoing.body = match delivery.play {
            Play::Unheard => unheard(body, script.sample.event).unwrap_or_else(|| body.clone()),
            Play::Halved => body.slice(..body.len() / 2),
            Play::Garbled => {
                let (one, other) = body.split_at(body.len() / 2);
                [one, b"\xff\xfe", other].concat().into()
            }
            Play::Sound | Play::Fault(_) => body.clone(),
        };
        Some(outgoing)
    }
}

/// The body with another name in the place of its event's; nothing where the body does not name it.
fn unheard(body: &[u8], event: &str) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let name = format!("\"{event}\"");
    text.contains(&name)
        .then(|| text.replacen(&name, "\"demo.unheard_of\"", 1).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn traffic(seed: u64) -> Traffic {
        let folder = tempfile::tempdir().unwrap();
        let endpoints = config::development(folder.path()).unwrap();
        Traffic::new(&endpoints, "http://127.0.0.1:1", 1 << 20, seed).unwrap()
    }

    #[test]
    fn each_way_of_failing_is_tried_at_the_beginning() {
        let mut traffic = traffic(1);
        let first: Vec<_> = (0..60).filter_map(|_| traffic.next()).collect();
        for trial in TRIALS {
            let tried = first.iter().filter(|delivery| delivery.trial == Some(trial));
            let plays: Vec<_> = tried.map(|delivery| delivery.play).collect();
            assert_eq!(plays, [Play::Sound; 2], "{trial:?}");
        }
    }

    #[test]
    fn what_is_rare_stays_rare() {
        let mut traffic = traffic(1);
        traffic.opening.clear();
        let drawn: Vec<_> = (0..10_000).filter_map(|_| traffic.next()).collect();
        let share = |play| drawn.iter().filter(|delivery| delivery.play == play).count();
        assert!(
            (6_500..7_500).contains(&share(Play::Sound)),
            "{}",
            share(Play::Sound)
        );
        assert!((1..100).contains(&share(Play::Fault(Fault::Oversize))));
        assert!(Play::all().all(|play| share(play) > 0));
    }

    #[test]
    fn a_seed_names_one_traffic_and_all_of_it_comes_soon() {
        let mut traffic_1 = traffic(1);
        let told = |traffic: &mut Traffic, count: usize| -> Vec<_> {
            (0..count)
                .filter_map(|number| {
                    let delivery = traffic.next()?;
                    let outgoing = traffic
                        .actor(delivery.actor)?
                        .outgoing(&delivery, number as u64)?;
                    Some((delivery.actor, delivery.play, outgoing.body))
                })
                .collect()
        };
        let first = told(&mut traffic_1, 400);
        assert_eq!(first, told(&mut traffic(1), 400));
        assert_ne!(first, told(&mut traffic(2), 400));
        for place in 0..traffic_1.actors.len() {
            for play in Play::all() {
                assert!(
                    first
                        .iter()
                        .any(|(actor, played, _)| *actor == place && *played == play),
                    "{place} {play:?}"
                );
            }
        }
    }
}
