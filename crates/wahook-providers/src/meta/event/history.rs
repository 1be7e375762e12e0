//! What was said before the number came to the API, and who is in its address book.

use wahook_core::{
    json::{Number, Text},
    open_enum,
};

use super::Message;
use crate::object::object;

object! {
    /// Which piece of the history (webhooks/reference/history, 2026-04).
    pub struct HistoryChunk {
        /// 0 to 2: the last day, the last three months, the rest.
        phase: Option<Text> = "phase",
        /// Which piece of the phase.
        chunk_order: Option<Text> = "chunk_order",
        /// Percent.
        progress: Option<Number> = "progress",
    }
}

/// A message of the history.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HistoryMessage {
    /// The piece that it is in; missing for files, which follow for themselves.
    pub chunk: Option<HistoryChunk>,
    /// The other end of the conversation.
    pub thread: Option<Text>,
    /// The message. `from` may be the business.
    pub message: Box<Message>,
}

object! {
    /// A contact of the app's address book.
    pub struct StateSync {
        /// What it is: `contact`.
        kind: Option<Text> = "type",
        /// The contact.
        contact: Option<BookContact> = "contact",
        /// What happened to it.
        action: Option<StateSyncAction> = "action",
        /// When.
        metadata: Option<StateSyncTime> = "metadata",
    }
}

object! {
    /// A contact of the app's address book.
    pub struct BookContact {
        /// All of the name.
        full_name: Option<Text> = "full_name",
        /// A part.
        first_name: Option<Text> = "first_name",
        /// The number.
        phone_number: Option<Text> = "phone_number",
    }
}

object! {
    /// When.
    pub struct StateSyncTime {
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
    }
}

open_enum! {
    /// What happened to a contact.
    pub enum StateSyncAction {
        /// It was added or changed.
        Add = "add",
        /// It was removed.
        Remove = "remove",
    }
}
