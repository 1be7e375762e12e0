//! What the operator is told: counts, names and reasons, never secrets or contents (P).

use std::{fmt, time::Duration};

use wahook_core::{guard::StoreError, inbox::Swept, model::Kind};

/// Something that an operator may want to count, log or show.
#[derive(Debug)]
#[non_exhaustive]
pub enum Signal<'a> {
    /// An event became a dead letter.
    Dead {
        /// The sink that gave it up.
        sink: &'a str,
        /// Why the last attempt failed.
        reason: Reason,
        /// The same in words.
        error: &'a str,
        /// Attempts that began.
        attempt: u32,
        /// Whether its lane stands still for it.
        blocks: bool,
    },
    /// A sink confirmed events of a lane.
    Delivered {
        /// The sink.
        sink: &'a str,
        /// How many.
        count: usize,
        /// How long the hand-over took.
        took: Duration,
        /// How long ago the first of them was received.
        age: Duration,
    },
    /// Events were put into lanes.
    Filed {
        /// Deliveries that were read.
        deliveries: usize,
        /// Events that nobody had said before.
        fresh: usize,
        /// Events that were said before, in another delivery (G10).
        duplicates: usize,
    },
    /// How long after it happened an event was received; of a delivery the oldest.
    Gap {
        /// The endpoint.
        endpoint: &'a str,
        /// How long.
        gap: Duration,
    },
    /// Events that were taken are given back: they were not begun, or were cut off when the worker stopped.
    HandedBack {
        /// The sink.
        sink: &'a str,
        /// How many.
        count: usize,
    },
    /// The inbox does not answer; said once, until it does.
    InboxDown {
        /// Why.
        error: &'a StoreError,
    },
    /// The inbox answers again.
    InboxRecovered,
    /// The lease of a lane ended during a hand-over, which was dropped; its events come again.
    Lost {
        /// The sink.
        sink: &'a str,
        /// How many events were taken with it.
        count: usize,
    },
    /// A task of the worker panicked and was started anew.
    Panicked {
        /// Which.
        task: &'a str,
    },
    /// A sink is away: all its lanes wait.
    Paused {
        /// The sink.
        sink: &'a str,
        /// Until it is asked again.
        pause: Duration,
    },
    /// A delivery was read, and its events are in their lanes.
    Read {
        /// The endpoint that received it.
        endpoint: &'a str,
        /// How many events of each kind it says.
        kinds: &'a [(Kind, usize)],
    },
    /// No sink takes events that were read: they are kept, and come to nobody.
    Untaken {
        /// The endpoint that received them.
        endpoint: &'a str,
        /// How many of them one delivery says.
        count: usize,
    },
    /// A sink that was away answers again.
    Resumed {
        /// The sink.
        sink: &'a str,
    },
    /// An attempt failed and will be repeated.
    Setback {
        /// The sink.
        sink: &'a str,
        /// Why.
        reason: Reason,
        /// The same in words.
        error: &'a str,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// When the next one begins.
        next: Duration,
    },
    /// The inbox removed what is finished and old enough.
    Swept {
        /// What it removed.
        swept: Swept,
    },
    /// Events were read that have no neutral words, or are not what they say they are (N1).
    Unfamiliar {
        /// The endpoint.
        endpoint: &'a str,
        /// `unknown` or `malformed`.
        kind: Kind,
        /// The provider's own name of it, where that is a short word.
        name: Option<&'a str>,
        /// How many of them one delivery says.
        count: usize,
    },
    /// A delivery could not be read. It is kept, and unread again when the inbox is opened anew.
    Unreadable {
        /// The endpoint that received it.
        endpoint: &'a str,
        /// The provider's id.
        provider: &'a str,
        /// Why.
        why: Unreadable,
        /// It is the first of this endpoint since the start.
        first: bool,
    },
    /// What a sink did could not be told to the inbox before the lease ended: its events come again.
    Unsettled {
        /// The sink.
        sink: &'a str,
        /// How many events the sink had confirmed.
        done: usize,
    },
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The hand-over took too long.
    Deadline,
    /// The sink failed with this event.
    Failed,
    /// It was too early for this event.
    NotYet,
    /// The sink panicked.
    Panicked,
    /// The sink will never take this event.
    Refused,
    /// The worker stopped in the middle of the hand-over.
    Stopped,
    /// The sink is away.
    Unavailable,
    /// The event could not be read from its delivery.
    Unreadable,
}

impl Reason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::Deadline,
        Self::Failed,
        Self::NotYet,
        Self::Panicked,
        Self::Refused,
        Self::Stopped,
        Self::Unavailable,
        Self::Unreadable,
    ];

    /// Whether the event's own: a sink that is away is not, and who is early neither.
    pub(crate) const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Panicked | Self::Unreadable)
    }

    /// The word for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Failed => "failed",
            Self::NotYet => "not_yet",
            Self::Panicked => "panicked",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Why a delivery could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unreadable {
    /// It was read, and the inbox would not take what it says.
    NotFiled,
    /// Nobody in the plan knows its provider.
    NoProvider,
    /// Its provider panicked over it.
    Panicked,
    /// Its body was removed.
    Redacted,
}

impl Unreadable {
    /// The word for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoProvider => "no_provider",
            Self::NotFiled => "not_filed",
            Self::Panicked => "panicked",
            Self::Redacted => "redacted",
        }
    }
}

/// Receives signals. Must be quick: the worker waits for it.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Something happened.
    fn observe(&self, signal: &Signal<'_>);
}

/// Tells `tracing`, target `wahook`. The default.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn observe(&self, signal: &Signal<'_>) {
        match signal {
            Signal::Dead {
                sink,
                reason,
                error,
                attempt,
                blocks,
            } => {
                let reason = reason.as_str();
                tracing::error!(target: "wahook", sink, reason, attempt, blocks, "dead letter: {error}");
            }
            Signal::Delivered {
                sink,
                count,
                took,
                age,
            } => tracing::debug!(target: "wahook", sink, count, ?took, ?age, "delivered"),
            Signal::Filed {
                deliveries,
                fresh,
                duplicates,
            } => tracing::debug!(target: "wahook", deliveries, fresh, duplicates, "filed"),
            Signal::Untaken { endpoint, count } => {
                tracing::debug!(target: "wahook", endpoint, count, "events that no sink takes");
            }
            Signal::Gap { endpoint, gap } => tracing::trace!(target: "wahook", endpoint, ?gap, "gap"),
            Signal::HandedBack { sink, count } => {
                tracing::info!(target: "wahook", sink, count, "events handed back");
            }
            Signal::InboxDown { error } => {
                tracing::error!(target: "wahook", kind = ?error.kind(), "the inbox does not answer the worker");
            }
            Signal::InboxRecovered => tracing::info!(target: "wahook", "the inbox answers the worker again"),
            Signal::Lost { sink, count } => {
                tracing::warn!(target: "wahook", sink, count, "a lease ended during a hand-over; its events come again");
            }
            Signal::Panicked { task } => tracing::error!(target: "wahook", task, "panicked; started anew"),
            Signal::Paused { sink, pause } => {
                tracing::warn!(target: "wahook", sink, ?pause, "the sink is away; all its lanes wait");
            }
            Signal::Read { endpoint, kinds } => {
                tracing::debug!(target: "wahook", endpoint, events = kinds.iter().map(|(_, count)| count).sum::<usize>(), "read");
            }
            Signal::Resumed { sink } => tracing::info!(target: "wahook", sink, "the sink answers again"),
            Signal::Setback {
                sink,
                reason,
                error,
                attempt,
                next,
            } => {
                let reason = reason.as_str();
                tracing::warn!(target: "wahook", sink, reason, attempt, ?next, "not delivered: {error}");
            }
            Signal::Swept { swept } => {
                let (deliveries, bodies) = (swept.deliveries, swept.bodies);
                tracing::debug!(target: "wahook", deliveries, bodies, "swept");
            }
            Signal::Unfamiliar {
                endpoint,
                kind,
                name,
                count,
            } => {
                let kind = kind.as_str();
                let what = match kind {
                    "malformed" => "cannot be read; kept, and handed over as such",
                    _ => "no neutral words",
                };
                tracing::info!(
                    target: "wahook", endpoint, kind, name, count, "{what}: `wahook events list --kind {kind}`"
                );
            }
            Signal::Unreadable {
                endpoint,
                provider,
                why,
                first,
            } => {
                let why = why.as_str();
                if *first {
                    tracing::warn!(target: "wahook", endpoint, provider, why, "a delivery cannot be read; it is kept");
                } else {
                    tracing::debug!(target: "wahook", endpoint, provider, why, "a delivery cannot be read; it is kept");
                }
            }
            Signal::Unsettled { sink, done } => {
                tracing::error!(target: "wahook", sink, done, "handed over, but the inbox could not be told; the events come again");
            }
        }
    }
}
