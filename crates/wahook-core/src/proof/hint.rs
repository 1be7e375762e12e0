//! Why did it not verify? Worked out afterwards, off the answer path, by trying what usually goes wrong (V4).

use std::fmt;

use http::HeaderName;

use super::{layout::Encoding, mac::Algorithm};

/// What is likely wrong, for the operator. It holds no secret and nothing of the body.
///
/// Where it says "it fits", that is proved: with that change the signature fits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The signature fits with a secret that was swapped out.
    PreviousSecret,
    /// It fits if the prefix of the secret is stripped.
    SecretPrefixStripped,
    /// It fits if the secret's text is the key, undecoded.
    SecretAsText,
    /// It fits if the secret is decoded together with its prefix, a mistake of Wazapin's own plugin.
    SecretPrefixDecoded,
    /// It fits if the secret is decoded first.
    SecretDecoded {
        /// From this encoding.
        from: Encoding,
    },
    /// It fits with other white space around the body, other line breaks, or without a byte order mark.
    BodyWhitespace,
    /// It fits if the JSON is written in another way: something parsed and re-encoded it.
    BodyReencoded,
    /// It fits if one bit of the body is flipped: the body was changed on its way.
    BodyAltered {
        /// In this byte, counted from 0.
        at: usize,
    },
    /// It fits, but its time is outside the window.
    ClockOff {
        /// By so many seconds it lies behind this clock; ahead if negative.
        seconds: i64,
    },
    /// It has the length of another algorithm.
    OtherAlgorithm {
        /// This one.
        algorithm: Algorithm,
    },
    /// It is written in another encoding.
    OtherEncoding {
        /// In this one.
        encoding: Encoding,
    },
    /// Its prefix is not the configured one.
    OtherPrefix,
    /// It fits if other contents are signed than configured.
    OtherContents {
        /// These, as in a [`Template`](super::Template).
        signed: &'static str,
        /// The header in which their time stands, if they have one.
        time: Option<HeaderName>,
    },
    /// The signature of the other header family fits.
    OtherFamily,
    /// The secret itself is in a header: a static token, not a signature.
    SecretSent {
        /// This one.
        header: HeaderName,
    },
    /// The token is right, but it stands elsewhere.
    TokenElsewhere {
        /// In a header.
        header: Option<HeaderName>,
    },
    /// Both header families are there in part; they are never mixed.
    FamiliesMixed,
    /// The headers of another scheme are there.
    OtherScheme {
        /// This one.
        header: HeaderName,
    },
    /// The peer is no trusted proxy, but `X-Forwarded-For` is there.
    ProxyNotTrusted,
    /// The body stops in the middle of its JSON.
    BodyCut,
    /// Nothing that was tried fits: another secret, most likely, or a body that was changed in several places.
    OtherSecret,
}

impl Hint {
    /// A word for labels and JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::PreviousSecret => "previous_secret",
            Self::SecretPrefixStripped => "secret_prefix_stripped",
            Self::SecretAsText => "secret_as_text",
            Self::SecretPrefixDecoded => "secret_prefix_decoded",
            Self::SecretDecoded { .. } => "secret_decoded",
            Self::BodyWhitespace => "body_whitespace",
            Self::BodyReencoded => "body_reencoded",
            Self::BodyAltered { .. } => "body_altered",
            Self::ClockOff { .. } => "clock_off",
            Self::OtherAlgorithm { .. } => "other_algorithm",
            Self::OtherEncoding { .. } => "other_encoding",
            Self::OtherPrefix => "other_prefix",
            Self::OtherContents { .. } => "other_contents",
            Self::OtherFamily => "other_family",
            Self::SecretSent { .. } => "secret_sent",
            Self::TokenElsewhere { .. } => "token_elsewhere",
            Self::FamiliesMixed => "families_mixed",
            Self::OtherScheme { .. } => "other_scheme",
            Self::ProxyNotTrusted => "proxy_not_trusted",
            Self::BodyCut => "body_cut",
            Self::OtherSecret => "other_secret",
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreviousSecret => f.write_str("verifies with a previous secret; the sender has not got the new one"),
            Self::SecretPrefixStripped => f.write_str("verifies if `whsec_` is stripped from the secret"),
            Self::SecretAsText => f.write_str("verifies if the secret's text is the key; the sender does not decode it"),
            Self::SecretPrefixDecoded => {
                f.write_str("verifies if the secret is decoded together with its `whsec_`; the sender forgets to strip it")
            }
            Self::SecretDecoded { from } => {
                write!(f, "verifies if the secret is decoded from {} first", from.as_str())
            }
            Self::BodyWhitespace => {
                f.write_str("verifies over the body with other white space around it; something on the way added or removed some")
            }
            Self::BodyReencoded => {
                f.write_str("verifies over the same JSON written in another way; something on the way parsed and re-encoded it")
            }
            Self::BodyAltered { at } => {
                write!(f, "verifies if one bit of byte {at} is flipped; the body was changed on its way")
            }
            Self::ClockOff { seconds } => {
                let side = if *seconds < 0 { "ahead of" } else { "behind" };
                let seconds = seconds.unsigned_abs();
                write!(f, "the signature fits, but its time is {seconds} s {side} this clock: an old request, or a clock that is off")
            }
            Self::OtherAlgorithm { algorithm } => {
                write!(f, "the signature has the length of {}; configure that algorithm", algorithm.as_str())
            }
            Self::OtherEncoding { encoding } => {
                write!(f, "the signature is written in {}; configure that encoding", encoding.as_str())
            }
            Self::OtherPrefix => f.write_str("the signature has another prefix than the configured one"),
            Self::OtherContents { signed, time: Some(time) } => {
                write!(f, "verifies if `{signed}` is signed, with the time in header {time}; configure that")
            }
            Self::OtherContents { signed, time: None } => write!(f, "verifies if `{signed}` is signed; configure that"),
            Self::OtherFamily => f.write_str("the `webhook-*` headers verify, but the `svix-*` headers beside them come first"),
            Self::SecretSent { header } => {
                write!(f, "header {header} holds the secret itself: the provider sends a static token; configure the token scheme")
            }
            Self::TokenElsewhere { header: Some(header) } => write!(f, "the token is right, but it stands in header {header}"),
            Self::TokenElsewhere { header: None } => f.write_str("the token is right, but it stands in the query"),
            Self::FamiliesMixed => {
                f.write_str("`svix-*` and `webhook-*` headers are both incomplete; something on the way dropped or renamed some")
            }
            Self::OtherScheme { header } => {
                write!(f, "header {header} is there: the sender signs in another way than is configured")
            }
            Self::ProxyNotTrusted => {
                f.write_str("the peer is no trusted proxy, but `X-Forwarded-For` is there; if it is your proxy, configure it")
            }
            Self::BodyCut => f.write_str("the body stops in the middle of its JSON; it was truncated on its way"),
            Self::OtherSecret => {
                f.write_str("nothing that was tried fits: another secret, most likely, or a body that was changed in several places")
            }
        }
    }
}
