//! The scenarios, by name: what is played, and why it matters.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

macro_rules! scenarios {
    ($($variant:ident = $id:literal, $why:literal;)+) => {
        /// One thing that happens to a receiver.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Scenario { $(#[doc = $why] $variant),+ }

        impl Scenario {
            /// Every scenario, in the order in which they are played.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// Why it matters, in a sentence.
            #[must_use]
            pub const fn why(self) -> &'static str {
                match self { $(Self::$variant => $why),+ }
            }
        }
    };
}

scenarios! {
    Genuine = "genuine", "What the provider signed is taken, answered 200 and in time, and handled once.";
    EveryEvent = "every-event", "Every documented shape of every event is taken: what is refused is repeated, then lost.";
    RawBytes = "raw-bytes", "A signature covers bytes: a receiver that prints the JSON anew before it verifies refuses genuine deliveries.";
    SecondSignature = "second-signature", "While secrets rotate, a delivery carries several signatures, and any of them may be ours.";
    Unsigned = "unsigned", "Whoever knows the URL can send; without the proof nothing may come in.";
    WeakSignature = "weak-signature", "An empty or cut signature must not compare as equal.";
    WrongSecret = "wrong-secret", "A proof that was made with another secret is none.";
    TamperedBody = "tampered-body", "Who changes a byte on the way must not be believed.";
    TamperedId = "tampered-id", "With another id a captured delivery would be new again.";
    TamperedTime = "tampered-time", "With another time a captured delivery would be fresh again.";
    TamperedSignature = "tampered-signature", "One wrong character is a wrong signature.";
    ReEncoded = "re-encoded", "The same JSON in other bytes was not signed; whoever takes it does not verify what arrived.";
    Stale = "stale", "A request that was captured an hour ago must not be taken where the time is signed.";
    Future = "future", "A time far ahead would keep a captured request valid.";
    SilentRefusal = "silent-refusal", "Whoever forges must not be told what was expected, or how far they came.";
    ParsedTooEarly = "parsed-too-early", "Before the proof nobody knows who sent the body; a parser that sees it first is open to all.";
    Duplicate = "duplicate", "An answer gets lost and the provider sends again: both are 2xx, and it is handled once.";
    Retried = "retried", "The provider signs each attempt anew; it is the same delivery all the same.";
    Replayed = "replayed", "Unsigned headers can be changed by anybody: a captured request with a new one is no new delivery.";
    Concurrent = "concurrent", "Copies come at the same moment; who looks first and marks later handles both.";
    ForgedFirst = "forged-first", "A forgery must not use up the key of a delivery, or the genuine one is taken for a copy.";
    Conflict = "conflict", "Another body under a known key is no reason to make the provider repeat it.";
    Reordered = "reordered", "Providers send in no order; what is older than the last one is still news.";
    Batch = "batch", "One request may say several things, and each of them counts.";
    UnknownEvent = "unknown-event", "Providers add events and fields without a word; a refusal makes them repeat it, or switch the webhook off.";
    Malformed = "malformed", "What nobody can read becomes no better by repetition, and must break nothing.";
    Oversize = "oversize", "Whoever reads without a cap can be filled up by anybody, with no secret at all.";
    Slow = "slow", "A body that trickles holds a connection; without a deadline a few hundred hold all of them.";
    WrongMethod = "wrong-method", "Deliveries are POSTs; what comes by another method is not the provider's.";
    Handshake = "handshake", "The provider asks whether the URL is ours, and wants its challenge back.";
    HangUp = "hang-up", "The provider gives up waiting while the work goes on; the next attempt must neither lose nor double it.";
    FailedWork = "failed-work", "What was marked as done before it was done is lost when it fails.";
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        let mut all = Self::ALL.iter().copied();
        all.find(|scenario| scenario.id() == text).ok_or(UnknownScenario)
    }
}

/// A text that names no scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownScenario;

impl fmt::Display for UnknownScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = Scenario::ALL.iter().map(|scenario| scenario.id()).collect();
        write!(f, "no such scenario; there are {}", ids.join(", "))
    }
}

impl std::error::Error for UnknownScenario {}
