//! `event.response`, `event.response.failed`: two things under one name.

use wahook_core::json::{Flag, Number, Raw, Text};

use super::{
    hints::EngineData,
    message::{AckName, ReplyTo, Source},
    object::object,
    poll::MessageDestination,
};

object! {
    /// An answer to an invitation (WAHA), or the result of a call of the API (Wawp's page).
    ///
    /// [`is_api_result`](Self::is_api_result) tells them apart.
    pub struct EventResponse {
        /// The id of the answer.
        id: Option<Text> = "id",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// As in a message.
        from: Option<Text> = "from",
        /// As in a message.
        from_me: Option<Flag> = "fromMe",
        /// As in a message.
        source: Option<Source> = "source",
        /// As in a message.
        to: Option<Text> = "to",
        /// As in a message.
        participant: Option<Text> = "participant",
        /// The invitation's message.
        event_creation_key: Option<Box<MessageDestination>> = "eventCreationKey",
        /// The answer; null if it could not be read.
        event_response: Option<Rsvp> = "eventResponse",
        /// Always null.
        ack: Option<Number> = "ack",
        /// Always `UNKNOWN`.
        ack_name: Option<AckName> = "ackName",
        /// Always null.
        reply_to: Option<Box<ReplyTo>> = "replyTo",
        /// The engine's own message.
        engine_data: Option<Box<EngineData>> = "_data",
        /// The call of the API that this is the result of.
        request_id: Option<Text> = "requestId",
        /// The result of a call of the API.
        result: Option<Raw> = "data",
        /// Why a call of the API failed, in free form.
        error: Option<Raw> = "error",
    }
}

impl EventResponse {
    /// Whether it is the result of a call of the API rather than an answer to an invitation.
    #[must_use]
    pub const fn is_api_result(&self) -> bool {
        self.request_id.is_some() || self.event_creation_key.is_none() && self.event_response.is_none()
    }
}

object! {
    /// An answer to an invitation.
    pub struct Rsvp {
        /// The answer.
        response: Option<RsvpWord> = "response",
        /// Milliseconds since 1970.
        timestamp_ms: Option<Number> = "timestampMs",
        /// How many more come.
        extra_guest_count: Option<Number> = "extraGuestCount",
    }
}

wahook_core::open_enum! {
    /// An answer to an invitation.
    pub enum RsvpWord {
        /// Comes.
        Going = "GOING",
        /// Does not come.
        NotGoing = "NOT_GOING",
        /// May come.
        Maybe = "MAYBE",
        /// The sender could not tell.
        None = "UNKNOWN",
    }
}
