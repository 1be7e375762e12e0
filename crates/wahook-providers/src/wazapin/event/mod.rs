//! What Wazapin says, in its own words.

use wahook_core::json::Text;
mod change;
mod message;

use jiff::Timestamp;
use wahook_core::{model::NameSource, open_enum};

pub use self::{
    change::{CommerceOrder, ContactUpdated, ConversationUpdated, TemplateStatus},
    message::{Direction, MessageNew, MessageSent, MessageStatus, MessageType, Status},
};

/// One event: a delivery of Wazapin says exactly one thing.
///
/// A view: members that no page of Wazapin names are in the item's `raw` (N2).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its name.
    pub name: EventName,
    /// Where the name was found: the flat body has none (Wazapin docs, inbound webhook examples, 2026-08).
    pub name_source: NameSource,
    /// The wrapper's id of the event.
    pub event_id: Option<Text>,
    /// The wrapper's time of the event; null where it has none or none that can be read.
    pub occurred_at: Option<Timestamp>,
    /// The organisation, `org_…`; the event's own before the wrapper's.
    pub organization_id: Option<Text>,
    /// The channel, `wzp_…`; the event's own before the wrapper's.
    pub channel_id: Option<Text>,
    /// What happened.
    pub payload: Payload,
}

open_enum! {
    /// The name of an event (Wazapin docs, webhook event catalog, 2026-08; CRM events are not public).
    pub enum EventName {
        /// A new message in a conversation: inbound, or certain outbound echoes.
        MessageNew = "message.new",
        /// The name of an early state of the vendor's own plugin; read as an inbound [`Self::MessageNew`].
        MessageReceived = "message.received",
        /// A message was sent from the workspace.
        MessageSent = "message.sent",
        /// A sent message was delivered or read, or failed.
        MessageStatusUpdate = "message.status_update",
        /// The older name of [`Self::MessageStatusUpdate`].
        MessageStatusUpdated = "message.status.updated",
        /// Assignment, status or preview of a conversation changed.
        ConversationUpdated = "conversation.updated",
        /// A contact's profile changed; also sent on some creates.
        ContactUpdated = "contact.updated",
        /// WhatsApp judged a template.
        TemplateStatusUpdate = "template.status_update",
        /// An order or its payment changed.
        CommerceOrderUpdated = "commerce.order.updated",
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// A new message in a conversation, in either direction.
    MessageNew(MessageNew),
    /// A message was sent from the workspace.
    MessageSent(MessageSent),
    /// A sent message came further, or failed.
    MessageStatus(MessageStatus),
    /// A conversation changed.
    ConversationUpdated(ConversationUpdated),
    /// A contact changed.
    ContactUpdated(ContactUpdated),
    /// A template was judged.
    TemplateStatus(TemplateStatus),
    /// An order or its payment changed.
    CommerceOrder(CommerceOrder),
}
