//! Three honest outcomes for each item of a delivery (N1).

use jiff::Timestamp;

use crate::{
    json::{Raw, ReadError, Text},
    model::Identity,
};

/// One item of a delivery, read as far as it can be read.
///
/// None of the three is an error towards the provider, and none harms its neighbours in a batch.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth outcome (N1)")]
pub enum Parsed<E> {
    /// A documented event, typed.
    Known {
        /// The typed event.
        event: E,
        /// The item as sent.
        raw: Raw,
    },
    /// Well-formed, but not ours to know: an event name that came later, or no name at all.
    Unknown(Unknown),
    /// The name is known and the content is not what the name promises, or it is not JSON.
    Malformed(Malformed),
}

impl<E> Parsed<E> {
    /// The item as sent.
    pub const fn raw(&self) -> &Raw {
        match self {
            Self::Known { raw, .. } => raw,
            Self::Unknown(unknown) => &unknown.raw,
            Self::Malformed(malformed) => &malformed.raw,
        }
    }

    /// The typed event, if it is known.
    pub const fn known(&self) -> Option<&E> {
        match self {
            Self::Known { event, .. } => Some(event),
            Self::Unknown(_) | Self::Malformed(_) => None,
        }
    }

    /// Whether it is malformed.
    pub const fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed(_))
    }
}

/// A well-formed item without a type of ours.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Unknown {
    /// The provider's name for it, if it has one.
    pub name: Option<Text>,
    /// What could be read beside the payload.
    pub context: Context,
    /// The item as sent.
    pub raw: Raw,
}

impl Unknown {
    /// An unknown item.
    #[must_use]
    pub const fn new(name: Option<Text>, context: Context, raw: Raw) -> Self {
        Self { name, context, raw }
    }
}

/// An item that is not what it says it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Malformed {
    /// The provider's name for it, if that much could be read.
    pub name: Option<Text>,
    /// What is wrong, and where.
    pub error: ReadError,
    /// What could be read beside the payload.
    pub context: Context,
    /// The item as sent.
    pub raw: Raw,
}

impl Malformed {
    /// A malformed item.
    #[must_use]
    pub const fn new(name: Option<Text>, error: ReadError, context: Context, raw: Raw) -> Self {
        Self {
            name,
            error,
            context,
            raw,
        }
    }
}

/// What an envelope tells although its payload could not be typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// Device, channel or session.
    pub account: Option<Text>,
    /// Workspace or organisation.
    pub tenant: Option<Text>,
    /// Whose account it is.
    pub account_identity: Option<Box<Identity>>,
    /// When it happened, as the payload says.
    pub occurred_at: Option<Timestamp>,
}
