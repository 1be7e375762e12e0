//! Configuration: a TOML file, environment variables over it, and secrets that are never printed.
//!
//! One endpoint is enough; everything else has a default. With all that most people need:
//!
//! ```toml
#![doc = include_str!("../../wahook.example.toml")]
//! ```
//!
//! `WAHOOK_LISTEN`, `WAHOOK_TLS__CERT_FILE`, `WAHOOK_INBOX`, `WAHOOK_LIMITS__WAITING`, `WAHOOK_RETENTION__BODIES`, `WAHOOK_ADMIN__TOKEN_FILE`,
//! `WAHOOK_ENDPOINT__<NAME>__SECRET`, `WAHOOK_SINK__<NAME>__URL` and their like stand over the file. `wahook config check`
//! says what is wrong, `wahook config print` what is in effect.
//!
//! A gateway that runs reads its file again on SIGHUP, and when it or a file that it names was written: endpoints with
//! their secrets and rates, the certificate, sinks, what is logged and the limits of bodies are exchanged without a
//! restart. One that cannot be used changes nothing.

mod accounts;
mod admin;
mod broker;
mod build;
mod development;
mod environment;
mod files;
mod inbox;
mod load;
mod lock;
mod log;
mod manage;
mod meta;
mod model;
mod place;
mod replace;
mod secret_file;
mod secrets;
mod sink;
mod sinks;
mod store;
mod tls;
mod url;
mod value;

pub use self::{
    admin::{Admin, AdminConfig},
    broker::Broker,
    build::{Built, Route, build},
    development::{Development, build_development, development},
    inbox::{RequiredGuarantee, RetentionConfig},
    load::{LoadError, Loaded, load, load_text},
    log::{LogConfig, LogFormat},
    manage::ManageConfig,
    model::{Config, EndpointConfig, Limits, StoreDown, WhenConflicting},
    place::Problem,
    sink::{Format, SinkConfig, SinkType, WhenPoison},
    sinks::{SinkPlan, SinkTo},
    store::StoreText,
    tls::TlsConfig,
    url::UrlText,
    value::{Hidden, Period},
};
pub(crate) use self::{
    build::{check_options, check_public_url, find_provider},
    load::variables,
    lock::Lock,
    manage::Manage,
    model::is_secret,
    replace::rescue,
    secret_file::SecretFile,
    sinks::any_sink_takes,
    value::MASK,
};
