//! Between the endpoints and the sinks: the inbox, what is open of the sinks, and the plan of the workers.

mod enrich;
mod open;
mod plan;
pub(crate) mod room;
mod sinks;

pub(crate) use self::{
    open::{InboxOpened, open},
    plan::plan,
    sinks::Sinks,
};
