//! The second listener: is it well, what is in the inbox, and what to do about it (P: privacy and safety).
//!
//! ```text
//! request ─access (Host, Origin, token)→ route ─query→ Desk ─mask→ JSON
//! ```
//!
//! Bodies, texts and phone numbers are masked until somebody with the token asks for them; what changes something needs
//! the token and a header that no page of another site can send. The same router answers the listener of a gateway that
//! runs and, in the process of a verb, an inbox that nobody else has open.

// Who may ask.
mod access;
mod place;

// What is asked, and what is answered.
mod answer;
pub(crate) mod forms;
mod mask;
mod params;
pub(crate) mod query;

// What is asked for.
mod arrivals;
mod dead;
mod endpoints;
mod events;
mod health;
mod known;
mod live;
mod pace;
mod reader;
mod refused;
mod replay;
pub(crate) mod status;
mod stream;

// The whole.
pub(crate) mod client;
mod page;
mod router;
mod serve;
mod sinks;
mod state;

pub(crate) use self::mask::stand_in;
pub use self::{
    endpoints::Endpoints,
    health::{Health, Trouble},
    pace::sample,
    place::AdminPlace,
    reader::Reader,
    router::router,
    serve::{bind, serve},
    sinks::SinkNames,
    state::AdminState,
};
