//! `call.received`, `call.accepted`, `call.rejected`.

use wahook_core::json::{Flag, Number, Raw, Text};

use super::object::object;

object! {
    /// A call. Wawp's pages of the two answers have `id` only.
    pub struct Call {
        /// Its id.
        id: Option<Text> = "id" | "callId",
        /// Who calls.
        from: Option<Text> = "from",
        /// Seconds since 1970, with or without a fraction.
        timestamp: Option<Number> = "timestamp",
        /// Whether it has pictures.
        is_video: Option<Flag> = "isVideo",
        /// Whether it is a group call.
        is_group: Option<Flag> = "isGroup",
        /// The engine's own event.
        data: Option<Raw> = "_data",
    }
}
