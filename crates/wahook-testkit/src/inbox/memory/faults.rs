//! What goes wrong on purpose.

use std::collections::VecDeque;

use wahook_core::guard::{StoreError, StoreErrorKind};

/// A verb of an inbox, for tests that make it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    /// `accept`.
    Accept,
    /// `unread`.
    Unread,
    /// `file`.
    File,
    /// `take`.
    Take,
    /// `renew`.
    Renew,
    /// `settle`.
    Settle,
    /// The questions of the desk: `events`, `delivery`, `dead`, `known`, `status`.
    Ask,
    /// `retry`, `drop_dead`, `replay`.
    Change,
    /// `sweep`.
    Sweep,
}

impl Verb {
    /// Whether it may leave something to be read or handed over.
    pub(super) const fn brings_something_in(self) -> bool {
        matches!(self, Self::Accept | Self::File | Self::Settle | Self::Change)
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    outage: Option<StoreErrorKind>,
    failing: VecDeque<(Verb, StoreErrorKind)>,
    losing: VecDeque<Verb>,
}

impl Faults {
    pub(super) fn fail_next(&mut self, verb: Verb, kind: StoreErrorKind) {
        self.failing.push_back((verb, kind));
    }

    pub(super) fn lose_next(&mut self, verb: Verb) {
        self.losing.push_back(verb);
    }

    pub(super) const fn begin_outage(&mut self, kind: StoreErrorKind) {
        self.outage = Some(kind);
    }

    pub(super) const fn end_outage(&mut self) {
        self.outage = None;
    }

    /// Whether it fails before its work.
    pub(super) fn before(&mut self, verb: Verb) -> Result<(), StoreError> {
        if let Some(kind) = self.outage {
            return Err(StoreError::new(kind));
        }
        let planned = self.failing.iter().position(|(of, _)| *of == verb);
        match planned.and_then(|planned| self.failing.remove(planned)) {
            Some((_, kind)) => Err(StoreError::new(kind)),
            None => Ok(()),
        }
    }

    /// Whether its answer gets lost.
    pub(super) fn after(&mut self, verb: Verb) -> Result<(), StoreError> {
        let planned = self.losing.iter().position(|of| *of == verb);
        match planned.and_then(|planned| self.losing.remove(planned)) {
            Some(_) => Err(StoreError::new(StoreErrorKind::Slow)),
            None => Ok(()),
        }
    }
}
