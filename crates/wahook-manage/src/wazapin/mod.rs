//! Wazapin: endpoints, their secrets, what was delivered, and the records of messages.
//!
//! The routes are documented (Wazapin, API: webhooks, 2026-08), what they take and answer is not: the reference of these
//! routes could not be read. So the bodies below are **inferred**, from Svix, through which Wazapin delivers, and are
//! read in every form that is likely: bare, in `data`, under their own name; in camel or snake case. What fits none is in
//! `rest` or `unread`. One member of a request body is documented: `filterTypes` (Wazapin, API: webhook event catalog,
//! 2026-08).

mod client;
mod delivery;
mod endpoint;
pub mod enrich;
mod message;
mod page;

pub use self::{
    client::{Credentials, Wazapin},
    delivery::{Deliveries, Delivery, DeliveryQuery, DeliveryStatus},
    endpoint::{Endpoint, EndpointChange, NewEndpoint, Rotated, Settings, Tested},
    message::{Message, MessageState, MessageStatus},
};

/// Where the API is (Wazapin, API: send a message, 2026-08). Older pages say [`OLDER_BASE_URL`].
pub const BASE_URL: &str = "https://api.wazapin.com";

/// Where the API is by older pages (Wazapin, API: get a message, 2026-08).
pub const OLDER_BASE_URL: &str = "https://api.wazapin.id";
