//! Clients for the management APIs of webhook providers: which URLs they deliver to, with which secrets, and what failed.
//!
//! ```no_run
//! use wahook_core::Secret;
//! use wahook_manage::{
//!     ErrorKind, Options,
//!     wazapin::{DeliveryQuery, NewEndpoint, Wazapin},
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let wazapin = Wazapin::new(Secret::new(std::env::var("WAZAPIN_API_KEY")?)?, Options::new())?;
//!
//! // Once: an endpoint for each event, since the bodies do not name theirs.
//! let url = "https://example.com/hooks/wazapin/message.new";
//! if wazapin.settings().await?.of_url(url).next().is_none() {
//!     let made = wazapin.create(&NewEndpoint::new(url).filter_types(["message.new"])).await?;
//!     println!("{} has a secret: {}", made.id, made.secret.is_some());
//! }
//!
//! // After an outage: what failed, once more.
//! for delivery in wazapin.deliveries(&DeliveryQuery::new()).await?.failed() {
//!     let Some(id) = &delivery.message_id else { continue };
//!     match wazapin.retry_delivery(id).await {
//!         Err(error) if error.kind() == ErrorKind::NotFound => eprintln!("{id} is too old"),
//!         other => drop(other?),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **Credentials** are [`Secret`](wahook_core::Secret)s. They travel in headers or bodies, never in a URL unless that
//!   is asked for; they are in no `Debug`, no error and no log, also where a provider quotes them. Redirects are not
//!   followed, plain `http` is for this machine alone.
//! - **Time** is bounded: to connect, for an answer, and for a call with all its repeats ([`Options`]).
//! - **Repeats**: what may be done twice is repeated after 429, 5xx, a broken connection and no answer in time. What may
//!   not (to create, to rotate, to test, to send again) is repeated after 429 alone. `Retry-After` is kept to.
//! - **Answers** are read up to 1 MiB. Members that this release does not know, or that have another type than it knows,
//!   are in `rest`; items of a list that mean nothing to it in `unread`; arrays may come as `{"0":…}`.
//! - **Errors** have a [`kind`](Error::kind), and the provider's code and message out of whatever form its answer had.
//!
//! Without an account, `wahook_testkit::stand_in` (feature `stand-in`) plays the other side over HTTP, with a state, every
//! form of an error, and deliveries that are really sent.
//!
//! Each call says whether it is documented, and where, or inferred. Nothing here was tried with a real account.

mod error;

mod call;

mod read;

/// Wazapin's API.
pub mod wazapin;

/// Wawp's API.
pub mod wawp;

/// WAPing's API.
pub mod waping;

pub use self::{
    call::{Options, Pauses},
    error::{Detail, Error, ErrorKind},
    read::{Rest, Unread},
};
