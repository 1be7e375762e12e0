//! WAPing: its devices, which is all that can be read of its management API.
//!
//! One route is documented, without its answer (WAPing, docs: authentication, 2026-08). Webhooks are registered in the
//! dashboard; no route for them is named on any page that could be read, so there is none here.

mod client;

pub use self::client::{Device, Devices, Waping};

/// Where the API is (WAPing, docs: authentication, 2026-08).
pub const BASE_URL: &str = "https://api.waping.app";

/// Codes of [`Error::code`](crate::Error::code) (WAPing, docs: errors, 2026-08). There may be others at any time.
pub mod code {
    /// 400: the request is not what it should be.
    pub const VALIDATION_ERROR: &str = "VALIDATION_ERROR";
    /// 401: the key is missing or wrong.
    pub const UNAUTHORIZED: &str = "UNAUTHORIZED";
    /// 403: the key may not do this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// 404: there is no such thing.
    pub const NOT_FOUND: &str = "NOT_FOUND";
    /// 409: the same `Idempotency-Key` with another request.
    pub const IDEMPOTENCY_CONFLICT: &str = "IDEMPOTENCY_CONFLICT";
    /// 429: too many calls.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// 4xx: the device is not linked to WhatsApp.
    pub const SESSION_DISCONNECTED: &str = "SESSION_DISCONNECTED";
    /// 5xx: something broke at WAPing.
    pub const SERVER_ERROR: &str = "SERVER_ERROR";
}
