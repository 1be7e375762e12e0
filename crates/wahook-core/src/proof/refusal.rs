//! Why a request was refused: exact for the operator, a bare status for the sender (V4).

use std::fmt;

use http::{HeaderName, StatusCode};

/// Why a request was refused. It contains no secret, no signature and nothing of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) kind: RefusalKind,
    pub(super) header: Option<HeaderName>,
    pub(super) skew_seconds: Option<i64>,
}

impl Refusal {
    /// A refusal of this kind.
    #[must_use]
    pub const fn new(kind: RefusalKind) -> Self {
        Self {
            kind,
            header: None,
            skew_seconds: None,
        }
    }

    /// With the header that it is about.
    #[must_use]
    pub fn header(self, header: &HeaderName) -> Self {
        Self {
            header: Some(header.clone()),
            ..self
        }
    }

    /// With the seconds by which the timestamp is off; positive if it lies in the past.
    #[must_use]
    pub fn skew(self, seconds: i64) -> Self {
        Self {
            skew_seconds: Some(seconds),
            ..self
        }
    }

    /// What sort of refusal it is.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The header that it is about.
    #[must_use]
    pub const fn header_name(&self) -> Option<&HeaderName> {
        self.header.as_ref()
    }

    /// The seconds by which the timestamp is off; positive if it lies in the past.
    #[must_use]
    pub fn skew_seconds(&self) -> Option<i64> {
        self.skew_seconds
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $text:literal;)+) => {
        /// What sort of refusal it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalKind { $($(#[$doc])* $variant),+ }

        impl RefusalKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// A word for labels and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

refusals! {
    /// The sender's address is not on the allowlist.
    AddressNotAllowed = "address_not_allowed", "the sender's address is not on the allowlist";
    /// The sender's address is not known: `ClientAddr` was not put into the request.
    AddressUnknown = "address_unknown", "the sender's address is unknown; put `ClientAddr` into the request's extensions (axum: `into_make_service_with_connect_info`)";
    /// The request names another algorithm than the configured one.
    AlgorithmUnexpected = "algorithm_unexpected", "the request names another algorithm than the configured one";
    /// The connection broke while the body was read.
    BodyBroken = "body_broken", "the connection broke while the body was read";
    /// The body is larger than the cap.
    BodyTooLarge = "body_too_large", "the body is larger than the cap";
    /// The body did not arrive in time.
    BodyTooSlow = "body_too_slow", "the body did not arrive in time";
    /// A challenge without the configured token, or with a value that must not be echoed.
    ChallengeRefused = "challenge_refused", "the challenge has the wrong token, or a value that must not be echoed";
    /// A header cannot be read.
    HeaderMalformed = "header_malformed", "a header is malformed";
    /// A header is missing.
    HeaderMissing = "header_missing", "a header is missing";
    /// A header that must be single came more than once.
    HeaderRepeated = "header_repeated", "a header came more than once";
    /// Neither POST nor an expected GET.
    MethodNotAllowed = "method_not_allowed", "the method is neither POST nor an expected GET";
    /// As many bytes of bodies are in memory as may be.
    NoRoom = "no_room", "as many bytes of bodies are in memory as may be; the sender was asked to come again";
    /// No signature fits the body.
    SignatureMismatch = "signature_mismatch", "no signature fits: another secret, or other bytes than were signed";
    /// Only signatures of other versions were sent.
    SignatureUnsupported = "signature_unsupported", "only signatures of other versions were sent";
    /// The signed timestamp is not a whole number of seconds.
    TimestampMalformed = "timestamp_malformed", "the timestamp is not a whole, positive number of seconds";
    /// The signed timestamp lies too far ahead.
    TimestampTooNew = "timestamp_too_new", "the timestamp lies too far in the future";
    /// The signed timestamp lies too far back.
    TimestampTooOld = "timestamp_too_old", "the timestamp lies too far in the past";
    /// The token is not the configured one.
    TokenMismatch = "token_mismatch", "the token is not the configured one";
    /// The token is missing.
    TokenMissing = "token_missing", "the token is missing";
    /// More came at once than the endpoint's rate allows.
    TooMany = "too_many", "more came at once than the endpoint's rate allows; the sender was asked to come again";
}

impl RefusalKind {
    /// Whether another secret than ours may be the reason, such as one that the provider has had for a moment longer.
    #[must_use]
    pub const fn may_be_rotation(self) -> bool {
        matches!(self, Self::SignatureMismatch | Self::TokenMismatch)
    }

    /// What the sender sees; hence whether it sends again. `refused` is the endpoint's status for what does not verify.
    #[must_use]
    pub const fn status(self, refused: StatusCode) -> StatusCode {
        match self {
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ChallengeRefused => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoRoom | Self::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Self::AddressNotAllowed
            | Self::AddressUnknown
            | Self::AlgorithmUnexpected
            | Self::HeaderMalformed
            | Self::HeaderMissing
            | Self::HeaderRepeated
            | Self::SignatureMismatch
            | Self::SignatureUnsupported
            | Self::TimestampMalformed
            | Self::TimestampTooNew
            | Self::TimestampTooOld
            | Self::TokenMismatch
            | Self::TokenMissing => refused,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        if let Some(header) = &self.header {
            write!(f, " ({header})")?;
        }
        if let Some(seconds) = self.skew_seconds {
            let side = if seconds < 0 { "ahead" } else { "behind" };
            write!(f, " ({} s {side})", seconds.unsigned_abs())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
