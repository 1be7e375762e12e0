//! The linked device, and the conversations in its inbox.

use wahook_core::json::Text;
use wahook_core::open_enum;

use super::Problem;

/// The linked device changed its state.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Session {
    /// The state: the word in the event's name, else in a member.
    pub state: State,
    /// That word as sent.
    pub word: Text,
    /// Why.
    pub reason: Option<Text>,
    /// What went wrong.
    pub error: Option<Problem>,
}

/// A conversation changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversation {
    /// The conversation.
    pub id: Text,
    /// What happened: the event's name after the dot.
    pub action: Text,
    /// Its state.
    pub status: Option<Text>,
}

open_enum! {
    /// The state of a linked device; the four states are headed "conceptual" (waping.app/docs/qr-session-lifecycle,
    /// 2026-04), their spelling is inferred. Compared without letter case.
    pub enum State {
        /// It works.
        Connected = "connected" | "linked",
        /// It starts.
        Connecting = "connecting",
        /// It works badly.
        Degraded = "degraded",
        /// It lost its connection.
        Disconnected = "disconnected",
        /// It is not linked.
        Unlinked = "unlinked",
    }
}
