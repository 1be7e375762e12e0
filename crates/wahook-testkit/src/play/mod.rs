//! Plays a provider: signed requests as it sends them, and what goes wrong on their way.

mod fault;
mod message;
mod plan;
mod sender;
mod vendor;

pub use self::{
    fault::{Fault, UnknownFault},
    message::Outgoing,
    plan::{Expected, Mode, Plan, Shot},
    sender::{Sender, signed_by},
};
pub(crate) use self::{
    plan::{binds_body, spaced},
    sender::with_query,
    vendor::Vendor,
};
