//! `session.status`.

use wahook_core::json::{Number, Raw, Text};

use super::object::object;

object! {
    /// The state of a session.
    pub struct SessionStatus {
        /// The session's name.
        name: Option<Text> = "name",
        /// Its state.
        status: Option<SessionWord> = "status",
        /// The last states, the newest last.
        statuses: Vec<PastStatus> = "statuses",
        /// What the state needs: options for a passkey, or a code.
        data: Option<Raw> = "data",
    }
}

object! {
    /// A state and when it began.
    pub struct PastStatus {
        /// The state.
        status: Option<SessionWord> = "status",
        /// Milliseconds since 1970.
        timestamp: Option<Number> = "timestamp",
    }
}

wahook_core::open_enum! {
    /// The state of a session.
    pub enum SessionWord {
        /// Switched off.
        Stopped = "STOPPED",
        /// Starts.
        Starting = "STARTING",
        /// Waits for the QR code to be scanned; comes again with each new code.
        ScanQrCode = "SCAN_QR_CODE",
        /// Waits for a passkey.
        PasskeyRequired = "PASSKEY_REQUIRED",
        /// Waits for a passkey to be confirmed.
        PasskeyConfirmationRequired = "PASSKEY_CONFIRMATION_REQUIRED",
        /// Works.
        Working = "WORKING",
        /// Broke.
        Failed = "FAILED",
    }
}
