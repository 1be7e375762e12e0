//! Records of WhatsApp messages.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use wahook_core::open_enum;

use crate::read::{Members, Rest};

open_enum! {
    /// How far a message came (Wazapin, WhatsApp basics: message lifecycle, 2026-08).
    pub enum MessageState {
        /// Accepted by Wazapin.
        Queued = "queued",
        /// On its way to WhatsApp. Inferred from `sending_at`.
        Sending = "sending",
        /// Accepted by WhatsApp.
        Sent = "sent",
        /// On the recipient's phone.
        Delivered = "delivered",
        /// Opened by the recipient.
        Read = "read",
        /// It could not be sent or delivered.
        Failed = "failed",
    }
}

/// The record of a message, with the names of Wazapin's schema (Wazapin, API: send a message, 2026-08).
///
/// `Debug` shows neither what it says nor whose it is.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Its id in Wazapin.
    pub id: Option<String>,
    /// The channel it came or went through.
    pub channel_id: Option<String>,
    /// The conversation it belongs to.
    pub conversation_id: Option<String>,
    /// The workspace.
    pub organization_id: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Option<String>,
    /// What sort of message it is; webhooks call it `msg_type`.
    pub kind: Option<String>,
    /// How far it came.
    pub status: Option<MessageState>,
    /// What it says; the form goes by its kind.
    pub content: Option<Value>,
    /// Whom it went to.
    pub to_phone: Option<String>,
    /// Who sent it.
    pub sender_phone: Option<String>,
    /// WhatsApp's id of it.
    pub provider_message_id: Option<String>,
    /// Why it failed: `error`, or `failure_reason`, which a guide has instead (guides: handle delivery status, 2026-08).
    pub error: Option<String>,
    /// Why it failed, as a code.
    pub error_code: Option<String>,
    /// Since when it is there.
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    pub updated_at: Option<Timestamp>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
    /// All else, among it the metadata, and what a reply quotes.
    pub rest: Rest,
}

/// How far a message came, and no more. The form is inferred from [`Message`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageStatus {
    /// The message's id in Wazapin.
    pub id: Option<String>,
    /// How far it came.
    pub status: MessageState,
    /// Why it failed, as a code.
    pub error_code: Option<String>,
    /// All else.
    pub rest: Rest,
}

impl Message {
    pub(super) fn read(mut members: Members) -> Self {
        let content = members.get("content").is_some_and(|content| !content.is_null());
        Self {
            id: members.text(&["id", "message_id"]),
            channel_id: members.text(&["channel_id"]),
            conversation_id: members.text(&["conversation_id"]),
            organization_id: members.text(&["organization_id"]),
            direction: members.text(&["direction"]),
            kind: members.text(&["type", "msg_type"]),
            status: members.take(&["status"], state),
            content: content.then(|| members.value("content")).flatten(),
            to_phone: members.text(&["to_phone"]),
            sender_phone: members.text(&["sender_phone", "from_phone"]),
            provider_message_id: members.text(&["provider_message_id"]),
            error: members.text(&["error", "failure_reason"]),
            error_code: members.text(&["error_code"]),
            created_at: members.time(&["created_at"]),
            updated_at: members.time(&["updated_at"]),
            sent_at: members.time(&["sent_at"]),
            delivered_at: members.time(&["delivered_at"]),
            read_at: members.time(&["read_at"]),
            failed_at: members.time(&["failed_at"]),
            rest: members.rest(),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

impl MessageStatus {
    pub(super) fn read(mut members: Members) -> Option<Self> {
        Some(Self {
            status: members.take(&["status", "message_status", "data"], state)?,
            id: members.text(&["id", "message_id"]),
            error_code: members.text(&["error_code"]),
            rest: members.rest(),
        })
    }
}

fn state(value: &Value) -> Option<MessageState> {
    let word = value.as_str().filter(|word| !word.is_empty())?;
    Some(MessageState::from(word))
}
