//! What happens around the account: sessions, contacts, labels, templates, orders.

use super::{Chat, Identity, data};
use crate::json::Text;
use crate::words::words;

data! {
    /// The state of the linked device or channel.
    pub struct SessionStatus {
        /// The neutral word.
        pub state: SessionState,
        /// The provider's own word.
        pub raw_state: Option<Text>,
        /// Why.
        pub reason: Option<Text>,
        /// Whether something that happened later came earlier from this account: then it is news of the past, and not the
        /// session's state. Told where an inbox remembers what came; null elsewhere.
        pub late: Option<bool>,
    }

    /// A contact changed at the provider.
    pub struct ContactUpdate {
        /// The provider's own id of it.
        pub contact_id: Option<Text>,
        /// Who it is.
        pub identity: Option<Box<Identity>>,
    }

    /// A label, or its place on a chat, changed.
    pub struct LabelUpdate {
        /// The label's id.
        pub label_id: Option<Text>,
        /// What happened.
        pub action: LabelAction,
        /// The label's name.
        pub name: Option<Text>,
        /// The chat that it was put on or taken from.
        pub chat_id: Option<Text>,
    }

    /// A message template changed its state.
    pub struct TemplateStatus {
        /// The provider's id of it.
        pub template_id: Option<Text>,
        /// Its name.
        pub name: Option<Text>,
        /// Its state in lower case, such as `approved`.
        pub state: Option<Text>,
        /// Why.
        pub reason: Option<Text>,
    }

    /// An order or its payment changed.
    pub struct OrderUpdate {
        /// The provider's id of it.
        pub order_id: Option<Text>,
        /// The provider's own word for its state.
        pub status: Option<Text>,
    }

    /// An answer to an invitation.
    pub struct CalendarResponse {
        /// The bare id of the invitation's message.
        pub event_message_id: Option<Text>,
        /// The answer.
        pub response: CalendarAnswer,
        /// The provider's own word.
        pub raw_response: Option<Text>,
        /// How many more come.
        pub extra_guests: Option<u32>,
        /// Who answers.
        pub responder: Option<Identity>,
        /// Where.
        pub chat: Option<Chat>,
        /// Whether the answer could not be read.
        pub failed: bool,
    }

    /// The account itself changed: its quality, limits, name or review.
    pub struct AccountUpdate {
        /// What changed, the provider's own word.
        pub subject: Option<Text>,
        /// Its new state, the provider's own word.
        pub status: Option<Text>,
        /// Why.
        pub reason: Option<Text>,
    }
}

words! {
    /// The state of a linked device or channel.
    pub enum SessionState {
        /// It works.
        Connected = "connected",
        /// It starts.
        Connecting = "connecting",
        /// It waits for a QR code to be scanned.
        Qr = "qr",
        /// It works badly, or waits for somebody.
        Degraded = "degraded",
        /// It lost its connection.
        Disconnected = "disconnected",
        /// It was unlinked.
        LoggedOut = "logged_out",
        /// It broke.
        Failed = "failed",
        /// It was switched off.
        Stopped = "stopped",
    }
}

words! {
    /// What happened to a label.
    pub enum LabelAction {
        /// Made or changed.
        Upserted = "upserted",
        /// Deleted.
        Deleted = "deleted",
        /// Put on a chat.
        Assigned = "assigned",
        /// Taken from a chat.
        Unassigned = "unassigned",
    }
}

words! {
    /// An answer to an invitation.
    pub enum CalendarAnswer {
        /// Comes.
        Going = "going",
        /// Does not come.
        NotGoing = "not_going",
        /// May come.
        Maybe = "maybe",
    }
}
