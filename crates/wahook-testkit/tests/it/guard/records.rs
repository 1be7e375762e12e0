//! The records of a plain store: what they are found by, what a claim meets, what makes room.

use std::time::Duration;

use wahook_core::guard::{Claim, Digest, Key, Token};

use super::{
    flaws::Flaw,
    store::{Entry, Name, Plain, State},
};

impl Plain {
    pub(super) fn name(&self, key: &Key, digest: Digest) -> Name {
        let text = key.as_str();
        let text = match self.flaw {
            Flaw::IgnoresScopes => {
                let (scope, rest) = text.split_at(key.scope().len());
                format!("{}{rest}", scope.get(..1).unwrap())
            }
            Flaw::IgnoresSpaces => text.get(1..).unwrap().to_owned(),
            Flaw::FoldsCase => text.to_lowercase(),
            Flaw::Trims => text.trim_end_matches(' ').to_owned(),
            Flaw::EndsAtZero => text.split('\0').next().unwrap().to_owned(),
            Flaw::CutsKeys => text.chars().take(255).collect(),
            _ => text.to_owned(),
        };
        let digest = match self.flaw {
            Flaw::IgnoresDigests => &[],
            Flaw::CutsDigests => &digest.as_bytes()[..16],
            _ => &digest.as_bytes()[..],
        };
        (text, digest.to_vec())
    }

    /// What a claim meets, and what it would write.
    pub(super) fn look_at(
        &self,
        state: &mut State,
        name: &Name,
        token: Token,
        lease: Duration,
    ) -> (Claim, Option<Entry>) {
        let now = self.now(state);
        let conflict = self.conflict(state, name, now);
        let fresh = (
            Claim::Fresh { conflict },
            Some(Entry {
                token,
                until: now.saturating_add(lease),
                done: self.is(Flaw::MarksAtClaim),
            }),
        );
        let Some(entry) = state.records.get_mut(name) else {
            return fresh;
        };
        if !self.lives(entry, now) {
            return fresh;
        }
        if entry.done {
            if self.is(Flaw::ProlongsMarks) {
                entry.until = now + lease;
            }
            if self.is(Flaw::ForgetsForTheHolder) && entry.token == token {
                return fresh;
            }
            return (Claim::Duplicate { conflict }, None);
        }
        if entry.token == token && !self.is(Flaw::RefusesRepeats) {
            let (claim, entry) = fresh;
            return (claim, entry.filter(|_| !self.is(Flaw::KeepsTheFirstLease)));
        }
        let left = entry.until.saturating_sub(now);
        match self.flaw {
            Flaw::SeesNoFlight => return fresh,
            Flaw::DuplicateInFlight => return (Claim::Duplicate { conflict }, None),
            Flaw::ProlongsLeases => entry.until = now + lease,
            _ => {}
        }
        let left = if self.is(Flaw::TellsWhatWasAsked) {
            lease
        } else {
            left
        };
        (Claim::InFlight { left, conflict }, None)
    }

    pub(super) fn lives(&self, entry: &Entry, now: Duration) -> bool {
        entry.until > now
            || (entry.done && self.is(Flaw::IgnoresLives))
            || (!entry.done && self.is(Flaw::IgnoresLeases))
    }

    pub(super) fn conflict(&self, state: &State, name: &Name, now: Duration) -> bool {
        let mut of_key = state.records.iter().filter(|((text, _), _)| *text == name.0);
        of_key.any(|((_, digest), entry)| match self.flaw {
            Flaw::TellsNoConflict => false,
            Flaw::ConflictsWithItself => self.lives(entry, now),
            Flaw::ConflictsWithMarks if !entry.done => false,
            Flaw::ConflictsWithFlights if entry.done => false,
            Flaw::ConflictsWithWhatIsOver => *digest != name.1,
            _ => *digest != name.1 && self.lives(entry, now),
        })
    }

    pub(super) fn make_room(&self, state: &mut State, name: &Name) {
        let now = self.now(state);
        let bodies = state.records.keys().filter(|(text, _)| *text == name.0);
        match self.flaw {
            Flaw::KeepsFewBodies if bodies.clone().count() >= 20 => {
                let any = bodies.clone().find(|other| *other != name).cloned().unwrap();
                state.records.remove(&any);
            }
            Flaw::KeepsFewRecords if state.records.len() >= 500 => {
                let any = state.records.keys().next().cloned().unwrap();
                state.records.remove(&any);
            }
            Flaw::ClearsTooMuch if state.records.values().any(|entry| entry.until <= now) => {
                let late = now + Duration::from_secs(24 * 3_600);
                state.records.retain(|_, entry| entry.until > late);
            }
            _ => {}
        }
    }
}
