//! Which scenarios are played, against whom, and how patiently.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;
use wahook_core::{Clock, Secret, proof::SignError};

use super::{
    Observe, ObserveError, Report, Scenario, Verdict, Wire, proof::ProofOf, report::Finding, scenarios,
    stage::Stage,
};
use crate::{Sample, Sender, samples};

/// Plays the scenarios against one receiver; see the [module](super).
#[derive(Debug)]
#[must_use]
pub struct Conform {
    sender: Sender,
    wire: Arc<dyn Wire>,
    clock: Arc<dyn Clock>,
    probe: Option<Arc<dyn Observe>>,
    sample: Option<Sample>,
    number: Option<u64>,
    patience: Duration,
    settle: Duration,
    challenge_token: Option<Secret>,
    only: Option<Vec<Scenario>>,
    skip: Vec<Scenario>,
    tell: Option<Tell>,
}

/// Hears of each finding.
struct Tell(Box<dyn Fn(&Finding) + Send + Sync>);

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tell").finish_non_exhaustive()
    }
}

impl Conform {
    /// Plays the provider of this sender, to the receiver at the end of this wire.
    pub fn new(sender: Sender, wire: impl Wire) -> Self {
        Self {
            sender,
            wire: Arc::new(wire),
            clock: Arc::new(MachineClock(Instant::now())),
            probe: None,
            sample: None,
            number: None,
            patience: Duration::from_secs(30),
            settle: Duration::from_millis(200),
            challenge_token: None,
            only: None,
            skip: Vec::new(),
            tell: None,
        }
    }

    /// Asks the application what it handled.
    pub fn observe(self, probe: impl Observe) -> Self {
        let probe: Option<Arc<dyn Observe>> = Some(Arc::new(probe));
        Self { probe, ..self }
    }

    /// What most deliveries are made of: a body that says one thing. Without it, a message of the provider's samples.
    pub fn sample(self, sample: Sample) -> Self {
        let sample = Some(sample);
        Self { sample, ..self }
    }

    /// Another clock for signatures, where the receiver has another one too.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The number of the first delivery: equal numbers make equal ids, so a receiver that remembers wants new ones.
    /// Without it, it is drawn.
    pub fn number(self, number: u64) -> Self {
        let number = Some(number);
        Self { number, ..self }
    }

    /// How long to wait for an answer or for work to be done: 30 s.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long to wait for what must not happen, such as a copy being handled: 200 ms, or three times as long as
    /// work was seen to take, but at most 10 s.
    pub fn settle(self, settle: Duration) -> Self {
        Self { settle, ..self }
    }

    /// The token of GET challenges, where the receiver was given one.
    pub fn challenge_token(self, token: Secret) -> Self {
        let challenge_token = Some(token);
        Self {
            challenge_token,
            ..self
        }
    }

    /// Only these scenarios.
    pub fn only(self, scenarios: impl IntoIterator<Item = Scenario>) -> Self {
        let only = Some(scenarios.into_iter().collect());
        Self { only, ..self }
    }

    /// All but these scenarios.
    pub fn skip(mut self, scenarios: impl IntoIterator<Item = Scenario>) -> Self {
        self.skip.extend(scenarios);
        self
    }

    /// Hears of each finding as soon as it is there: all of them take a while.
    pub fn on_finding(self, tell: impl Fn(&Finding) + Send + Sync + 'static) -> Self {
        let tell = Some(Tell(Box::new(tell)));
        Self { tell, ..self }
    }

    /// Plays them, one after the other.
    ///
    /// A receiver that is there first and then gone has failed the scenario that it did not stand. Where it does not come
    /// back, the rest is not observable.
    ///
    /// # Errors
    ///
    /// Where nobody is there from the beginning, no scenario is left, nothing can be signed or said, or the application
    /// cannot be asked. A receiver that is not sound is no error: see [`Report::is_sound`].
    pub async fn run(self) -> Result<Report, ConformError> {
        let provider = self.sender.endpoint().provider().id();
        let selected: Vec<_> = self.selected().collect();
        if selected.is_empty() {
            return Err(ConformError::new(ConformErrorKind::NoScenario, None));
        }
        let Some(sample) = self.sample.or_else(|| message(provider)) else {
            return Err(ConformError::new(ConformErrorKind::NoSample, None));
        };
        let stage = Stage {
            proof: ProofOf::of(&self.sender),
            sender: self.sender,
            wire: self.wire,
            clock: self.clock,
            probe: self.probe,
            sample,
            number: AtomicU64::new(self.number.map_or_else(drawn, Ok)?),
            patience: self.patience,
            settle: self.settle,
            challenge_token: self.challenge_token,
            reached: Arc::default(),
            answered: Arc::default(),
            lag: AtomicU64::default(),
        };
        let mut report = Report {
            provider,
            scenarios: Vec::with_capacity(selected.len()),
        };
        let mut presence = Presence::There;
        for scenario in selected {
            let mut finding = Finding::new(scenario);
            if presence == Presence::Gone {
                presence = if stage.comes_back().await {
                    Presence::There
                } else {
                    Presence::Left
                };
            }
            match presence {
                Presence::Left => finding.raise(
                    Verdict::NotObservable,
                    "it was not played: the receiver was gone and did not come back",
                ),
                Presence::Mute => finding.raise(
                    Verdict::NotObservable,
                    "it was not played: the receiver answers nothing",
                ),
                Presence::There | Presence::Gone => match played(&stage, &mut finding).await {
                    Ok(true) => {}
                    Ok(false) => presence = Presence::Mute,
                    Err(error) => {
                        let Some(why) = stage.gone(&error).await else {
                            return Err(error);
                        };
                        finding.gone(&why);
                        presence = Presence::Gone;
                    }
                },
            }
            if let Some(Tell(tell)) = &self.tell {
                tell(&finding);
            }
            report.scenarios.push(finding);
        }
        Ok(report)
    }

    fn selected(&self) -> impl Iterator<Item = Scenario> {
        let all = Scenario::ALL.iter().copied();
        all.filter(|scenario| self.only.as_ref().is_none_or(|only| only.contains(scenario)))
            .filter(|scenario| !self.skip.contains(scenario))
    }
}

/// Plays it; `false` where nothing is answered, whatever is asked.
async fn played(stage: &Stage, finding: &mut Finding) -> Result<bool, ConformError> {
    scenarios::play(stage, finding).await?;
    let answers = stage.answers().await?;
    if !answers && finding.verdict < Verdict::Fail {
        finding.raise(Verdict::NotObservable, "the receiver answers nothing");
    }
    Ok(answers)
}

/// Whether the receiver is still there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    There,
    /// It takes connections and answers nothing.
    Mute,
    Gone,
    /// Gone, and it did not come back.
    Left,
}

/// What somebody else wrote to us, in one shape or the other.
fn message(provider: &str) -> Option<Sample> {
    let all = samples(provider);
    let plain = ["message.received", "message.new", "message"];
    let found = plain
        .iter()
        .find_map(|name| all.iter().find(|sample| sample.name() == *name));
    found.or(all.first()).copied()
}

/// 48 bits, the last piece of a UUID, so that ids keep their look.
fn drawn() -> Result<u64, ConformError> {
    let mut bytes = [0; 8];
    let place = bytes.get_mut(2..).unwrap_or_default();
    match getrandom::fill(place) {
        Ok(()) => Ok(u64::from_be_bytes(bytes)),
        Err(error) => Err(ConformError::new(
            ConformErrorKind::Random,
            Some(error.to_string()),
        )),
    }
}

/// The machine's, for signatures.
#[derive(Debug)]
struct MachineClock(Instant);

impl Clock for MachineClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a clock; another may be handed in"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The scenarios could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConformError {
    kind: ConformErrorKind,
    why: Option<String>,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConformErrorKind {
    /// The provider has no samples: hand one in with [`Conform::sample`].
    NoSample,
    /// Nothing is left of [`Conform::only`] without [`Conform::skip`].
    NoScenario,
    /// The application could not be asked what it handled.
    Observe,
    /// No random number for the first delivery: hand one in with [`Conform::number`].
    Random,
    /// The secret cannot sign.
    Sign,
    /// Nobody is there.
    Unreachable,
}

impl ConformError {
    const fn new(kind: ConformErrorKind, why: Option<String>) -> Self {
        Self { kind, why }
    }

    pub(super) const fn unreachable(why: String) -> Self {
        Self::new(ConformErrorKind::Unreachable, Some(why))
    }

    pub(super) fn why(&self) -> &str {
        self.why.as_deref().unwrap_or_default()
    }

    /// What is in the way.
    #[must_use]
    pub const fn kind(&self) -> ConformErrorKind {
        self.kind
    }
}

impl fmt::Display for ConformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ConformErrorKind::NoSample => "the provider has no sample deliveries; hand one in",
            ConformErrorKind::NoScenario => {
                "no scenario is left to be played: all that were chosen are skipped"
            }
            ConformErrorKind::Observe => "the application cannot be asked what it handled",
            ConformErrorKind::Random => "no random number for the first delivery",
            ConformErrorKind::Sign => "nothing can be signed",
            ConformErrorKind::Unreachable => "the receiver cannot be reached",
        })?;
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConformError {}

impl From<ObserveError> for ConformError {
    fn from(error: ObserveError) -> Self {
        Self::new(ConformErrorKind::Observe, Some(error.to_string()))
    }
}

impl From<SignError> for ConformError {
    fn from(error: SignError) -> Self {
        let why = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self::new(ConformErrorKind::Sign, Some(why))
    }
}
