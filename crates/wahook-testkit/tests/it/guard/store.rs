//! A plain store, as over a network: each verb waits on its way there and on its way back. And what may be wrong with it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::task::yield_now;
use wahook_core::{
    BoxFuture, Clock,
    guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token},
};
use wahook_testkit::ManualClock;

use super::flaws::Flaw;

#[derive(Debug)]
pub(crate) struct Plain {
    pub(super) flaw: Flaw,
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

/// What a record is found by.
pub(super) type Name = (String, Vec<u8>);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) records: HashMap<Name, Entry>,
    /// Whoever completed something.
    finished: HashSet<(Name, Token)>,
    /// The marks, in order.
    marked: Vec<Name>,
    away_since: Option<Duration>,
    away_for: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) token: Token,
    pub(super) until: Duration,
    pub(super) done: bool,
}

const NOBODY: Token = Token::new([0; 16]);
const DOWN: StoreError = StoreError::new(StoreErrorKind::Unavailable);

impl Plain {
    pub(crate) fn new(flaw: Flaw, clock: Arc<ManualClock>) -> Self {
        Self {
            flaw,
            clock,
            state: Mutex::default(),
        }
    }

    pub(crate) fn go_away(&self) {
        let mut state = self.state();
        state.away_since = Some(self.clock.elapsed());
        match self.flaw {
            Flaw::ForgetsInOutages => state.records.clear(),
            Flaw::WritesBehind => {
                let kept = state.marked.len().saturating_sub(50);
                for name in state.marked.split_off(kept) {
                    state.records.remove(&name);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn come_back(&self) {
        let mut state = self.state();
        let since = state.away_since.take().unwrap();
        if self.is(Flaw::StandsStillInOutages) {
            state.away_for += self.clock.elapsed() - since;
        }
    }

    pub(super) fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn span(&self, time: Duration) -> Result<Duration, StoreError> {
        let long = Duration::from_secs(1 << 32);
        match self.flaw {
            Flaw::CountsInThirtyTwoBits => Ok(Duration::from_millis(time.as_millis() as u32 as u64)),
            Flaw::RefusesLongTimes if time > long => Err(DOWN),
            Flaw::EndlessWithoutTime if time.as_millis() == 0 => Ok(Duration::MAX),
            _ => Ok(time),
        }
    }

    pub(super) fn now(&self, state: &State) -> Duration {
        self.clock.elapsed().saturating_sub(state.away_for)
    }

    /// The way to the store.
    async fn arrive(&self) -> Result<(), StoreError> {
        yield_now().await;
        if self.state().away_since.is_none() {
            return Ok(());
        }
        match self.flaw {
            Flaw::Hangs => std::future::pending().await,
            Flaw::SaysFull => Err(StoreError::new(StoreErrorKind::Full)),
            _ => Err(DOWN),
        }
    }

    async fn claim(&self, name: Name, token: Token, lease: Duration) -> Result<Claim, StoreError> {
        if let Err(error) = self.arrive().await {
            return match self.flaw {
                Flaw::GuessesFresh => Ok(Claim::Fresh { conflict: false }),
                Flaw::GuessesDuplicate => Ok(Claim::Duplicate { conflict: false }),
                Flaw::FailedClaimsMark => {
                    let (until, done) = (Duration::MAX, true);
                    self.state().records.insert(name, Entry { token, until, done });
                    Err(error)
                }
                _ => Err(error),
            };
        }
        let lease = self.span(lease)?;
        let (claim, entry) = self.look(&name, token, lease);
        let over = self.state().records.contains_key(&name);
        let race = self.is(Flaw::LooksThenTakes) || (self.is(Flaw::LooksThenTakesOver) && over);
        let half = match self.flaw {
            Flaw::HalfClaimsMark => Some((token, true)),
            Flaw::HalfClaimsAreLost => Some((NOBODY, false)),
            _ => None,
        };
        if race {
            yield_now().await;
            if let Some(entry) = entry {
                self.state().records.insert(name, entry);
            }
            return Ok(claim);
        }
        if let (Some((token, done)), Some(entry)) = (half, entry) {
            let half = Entry { token, done, ..entry };
            self.state().records.insert(name.clone(), half);
            yield_now().await;
            self.state().records.insert(name, entry);
            return Ok(claim);
        }
        let claim = self.take(name, token, lease);
        yield_now().await;
        Ok(claim)
    }

    /// Looks and takes in one step.
    fn take(&self, name: Name, token: Token, lease: Duration) -> Claim {
        let mut state = self.state();
        let (claim, entry) = self.look_at(&mut state, &name, token, lease);
        if let Some(entry) = entry {
            self.make_room(&mut state, &name);
            state.records.insert(name, entry);
        }
        claim
    }

    fn look(&self, name: &Name, token: Token, lease: Duration) -> (Claim, Option<Entry>) {
        self.look_at(&mut self.state(), name, token, lease)
    }

    async fn complete(&self, name: Name, token: Token, ttl: Duration) -> Result<Settled, StoreError> {
        if let Err(error) = self.arrive().await {
            return match self.flaw {
                Flaw::GuessesDone => Ok(Settled::Done),
                Flaw::FailedCompletesAreLost => {
                    self.state().records.remove(&name);
                    Err(error)
                }
                _ => Err(error),
            };
        }
        let ttl = self.span(ttl)?;
        if self.is(Flaw::LooksThenMarks) || self.is(Flaw::HalfCompletesAreLost) {
            let entry = {
                let mut state = self.state();
                let now = self.now(&state);
                let held = state.records.get(&name).copied();
                let Some(held) = held.filter(|held| held.token == token && held.until > now) else {
                    return Ok(Settled::Lost);
                };
                if self.is(Flaw::HalfCompletesAreLost) {
                    state.records.remove(&name);
                }
                let until = now.saturating_add(ttl);
                Entry {
                    done: true,
                    until,
                    ..held
                }
            };
            // Long enough for others to come in between.
            for _ in 0..100 {
                yield_now().await;
            }
            self.state().records.insert(name, entry);
            return Ok(Settled::Done);
        }
        let settled = self.mark(name, token, ttl);
        yield_now().await;
        Ok(settled)
    }

    fn mark(&self, name: Name, token: Token, ttl: Duration) -> Settled {
        let mut state = self.state();
        let now = self.now(&state);
        let until = now.saturating_add(ttl);
        let mut mark = Entry {
            token,
            until,
            done: true,
        };
        let old_holder =
            self.is(Flaw::RemembersOldHolders) && state.finished.contains(&(name.clone(), token));
        match state.records.get(&name) {
            Some(held) if self.holds(held, token, now) => {
                if held.done {
                    return if self.is(Flaw::CompletesOnce) {
                        Settled::Lost
                    } else {
                        Settled::Done
                    };
                }
                match self.flaw {
                    Flaw::ForgetsMarks => return Settled::Done,
                    Flaw::MarksForTheLease => mark.until = held.until,
                    Flaw::MarksForTheLongerOfBoth => mark.until = until.max(held.until),
                    _ => {}
                }
            }
            None if self.is(Flaw::CompletesUnclaimed) => {}
            _ if old_holder => {}
            _ => return Settled::Lost,
        }
        state.finished.insert((name.clone(), token));
        state.marked.push(name.clone());
        state.records.insert(name, mark);
        Settled::Done
    }

    fn holds(&self, held: &Entry, token: Token, now: Duration) -> bool {
        (held.token == token || self.is(Flaw::IgnoresTokens))
            && (self.lives(held, now) || self.is(Flaw::SettlesLate))
    }

    async fn release(&self, name: Name, token: Token) -> Result<Settled, StoreError> {
        if let Err(error) = self.arrive().await {
            return if self.is(Flaw::GuessesDone) {
                Ok(Settled::Done)
            } else {
                Err(error)
            };
        }
        let settled = {
            let mut state = self.state();
            let now = self.now(&state);
            match state.records.get_mut(&name) {
                Some(held)
                    if self.holds(held, token, now) && (!held.done || self.is(Flaw::ReleasesMarks)) =>
                {
                    if self.is(Flaw::HalfReleasesAreLost) {
                        held.token = NOBODY;
                    } else if !self.is(Flaw::ForgetsReleases) {
                        state.records.remove(&name);
                    }
                    if self.is(Flaw::ReleasesByPattern) && name.0.ends_with('*') {
                        let prefix = name.0.trim_end_matches('*');
                        state.records.retain(|(text, _), _| !text.starts_with(prefix));
                    }
                    Settled::Done
                }
                _ if self.is(Flaw::ReleasesAnything) => Settled::Done,
                _ => Settled::Lost,
            }
        };
        yield_now().await;
        if self.is(Flaw::HalfReleasesAreLost) && settled == Settled::Done {
            self.state().records.remove(&name);
        }
        Ok(settled)
    }
}

impl GuardStore for Plain {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(self.claim(self.name(key, digest), token, lease))
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.complete(self.name(key, digest), token, ttl))
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.release(self.name(key, digest), token))
    }
}
