//! Calls.

use wahook_core::{
    json::{Number, Text},
    open_enum,
};

use super::Problem;
use crate::object::object;

object! {
    /// A call began or ended (webhooks/reference/calls, 2026-04).
    pub struct Call {
        /// The call, `wacid.…`.
        id: Option<Text> = "id",
        /// Who calls.
        from: Option<Text> = "from",
        /// Who calls, by business-scoped id.
        from_user_id: Option<Text> = "from_user_id",
        /// The same for all linked portfolios.
        from_parent_user_id: Option<Text> = "from_parent_user_id",
        /// Who is called.
        to: Option<Text> = "to",
        /// Who is called, by business-scoped id.
        to_user_id: Option<Text> = "to_user_id",
        /// The same for all linked portfolios.
        to_parent_user_id: Option<Text> = "to_parent_user_id",
        /// What happened.
        event: Option<CallEvent> = "event",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// Who began.
        direction: Option<CallDirection> = "direction",
        /// How sound is to be sent.
        session: Option<Box<CallSession>> = "session",
        /// How it ended.
        status: Option<CallEnd> = "status",
        /// When it began.
        start_time: Option<Number> = "start_time",
        /// When it ended.
        end_time: Option<Number> = "end_time",
        /// Seconds.
        duration: Option<Number> = "duration",
        /// What the business put beside it.
        biz_opaque_callback_data: Option<Text> = "biz_opaque_callback_data",
        /// Why it failed.
        errors: Vec<Problem> = "errors",
    }
}

object! {
    /// How sound is to be sent.
    pub struct CallSession {
        /// `offer` or `answer`.
        sdp_type: Option<Text> = "sdp_type",
        /// SDP.
        sdp: Option<Text> = "sdp",
    }
}

open_enum! {
    /// What happened to a call.
    pub enum CallEvent {
        /// It is being put through.
        Connect = "connect",
        /// It ended.
        Terminate = "terminate",
    }
}

open_enum! {
    /// Who began a call.
    pub enum CallDirection {
        /// The business.
        BusinessInitiated = "BUSINESS_INITIATED",
        /// The user.
        UserInitiated = "USER_INITIATED",
    }
}

open_enum! {
    /// How a call ended; the letter case differs between pages.
    pub enum CallEnd {
        /// It was held.
        Completed = "COMPLETED" | "Completed" | "completed",
        /// It was not.
        Failed = "FAILED" | "Failed" | "failed",
    }
}
