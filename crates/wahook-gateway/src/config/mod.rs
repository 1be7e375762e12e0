//! Configuration: a TOML file, environment variables over it, and secrets that are never printed.

mod admin;
mod build;
mod development;
mod environment;
mod inbox;
mod load;
mod model;
mod place;
mod secrets;
mod sink;
mod sinks;
mod store;
mod url;
mod value;

pub use self::{
    admin::{Admin, AdminConfig},
    build::{Built, Route, build},
    development::{Development, build_development, development},
    inbox::{RequiredGuarantee, RetentionConfig},
    load::{LoadError, Loaded, load},
    model::{Config, EndpointConfig, Limits, StoreDown, WhenConflicting},
    place::Problem,
    sink::{Format, SinkConfig, SinkType, WhenPoison},
    sinks::{SinkPlan, SinkTo},
    store::StoreText,
    url::UrlText,
    value::{Hidden, Period},
};
pub(crate) use self::{
    build::{check_options, check_public_url, find_provider},
    model::is_secret,
    value::MASK,
};
