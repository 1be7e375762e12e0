//! What WAPing says, in its own words.
//!
//! One event is documented, `message.received` (waping.app/docs/webhooks, 2026-04). The others are families that the
//! pages name in prose only: their names and members are inferred, and read so that a wrong inference loses nothing.

use wahook_core::json::Text;
mod message;
mod session;

use jiff::Timestamp;

pub use self::{
    message::{Media, Message, MessageStatus, MessageType, Problem, Status},
    session::{Conversation, Session, State},
};

/// One event. A view: what it does not name is in the item's `raw` (N2).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The `eventId`, `evt_…`.
    pub event_id: Option<Text>,
    /// The `type` as sent: a noun, a dot, what happened.
    pub name: Text,
    /// The time of the event; null where it is absent or cannot be read.
    pub timestamp: Option<Timestamp>,
    /// The `deviceId`, `dev_…`: one linked WhatsApp session.
    pub device_id: Option<Text>,
    /// What happened.
    pub payload: Payload,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// A contact wrote; documented.
    Message(Message),
    /// A message of the account came further, or failed; inferred.
    MessageStatus(MessageStatus),
    /// The linked device changed its state; inferred.
    Session(Session),
    /// A conversation changed; inferred.
    Conversation(Conversation),
}
