//! What a generic endpoint reads of an item, before it is mapped.

use jiff::Timestamp;
use wahook_core::{
    json::Text,
    model::{Identity, Kind},
};

use super::{Generic, fields::Fields};

/// An item whose name the configuration knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The provider's name of the event.
    pub name: Text,
    /// What the configuration says that it is.
    pub kind: Kind,
    /// Device, channel or session.
    pub account: Option<Text>,
    /// Workspace or organisation.
    pub tenant: Option<Text>,
    /// Whose account it is.
    pub account_identity: Option<Box<Identity>>,
    /// When it happened, as the payload says.
    pub occurred_at: Option<Timestamp>,
    /// What stands at the places of the configuration.
    pub fields: Box<Fields>,
}

impl wahook_core::TypedEvent for Event {
    type Provider = Generic;
}
