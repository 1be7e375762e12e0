//! Configuration: a TOML file, environment variables over it, and secrets that are never printed.

mod build;
mod development;
mod environment;
mod load;
mod model;
mod place;
mod store;
mod value;

pub use self::{
    build::{Route, build},
    development::{Development, development},
    load::{LoadError, Loaded, load},
    model::{Config, EndpointConfig, Limits, StoreDown, WhenConflicting},
    place::Problem,
    store::{Inbox, StoreText},
    value::{Hidden, Period},
};
pub(crate) use self::{
    build::{check_options, check_public_url, find_provider},
    model::is_secret,
    value::MASK,
};
