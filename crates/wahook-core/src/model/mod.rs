//! The event model, version 1: one shape for what every provider says.
//!
//! The JSON form is the contract; the Rust types mirror it, and JSON Schema and TypeScript are generated from them.
//! Within version 1 kinds, fields and values of word sets may be added, never removed or given another meaning.
#![expect(
    clippy::exhaustive_structs,
    reason = "providers, ours and strangers', write these with `..Default::default()`, which `non_exhaustive` forbids"
)]

mod account;
mod content;
mod conversation;
mod event;
mod form;
mod group;
mod identity;
mod key;
mod kind;
mod message;
mod presence;
/// JSON Schema and TypeScript of the event model, generated from its types.
#[cfg(feature = "schema")]
pub mod schema;
mod state;

pub use self::{
    account::{
        AccountUpdate, CalendarAnswer, CalendarResponse, ContactUpdate, LabelAction, LabelUpdate,
        OrderUpdate, SessionState, SessionStatus, TemplateStatus,
    },
    content::{
        Contact, Contacts, Content, Interactive, Location, Media, MediaContent, Order, OrderItem, Poll,
        ReplyType, System, Template, TextContent, Unavailable, UnknownContent,
    },
    event::{DeliveryInfo, Draft, Event, NameSource, TimeSource},
    form::SCHEMA,
    group::{ChatAction, ChatUpdate, GroupAction, GroupUpdate, Participants, ParticipantsAction},
    identity::{Chat, ChatType, Identity},
    key::EventKey,
    kind::{Data, Kind, MalformedData, OtherData},
    message::{
        Deleted, Direction, Edited, Message, Origin, PollVote, Reaction, ReplyTo, StatusError, StatusUpdate,
    },
    presence::{Call, CallState, Presence, PresenceState, PresenceUpdate},
    state::{Folded, MessageState},
};

/// Derives what every piece of the model has.
macro_rules! data {
    ($($item:item)*) => { $(
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $item
    )* };
}
pub(crate) use data;
