//! From configuration to endpoints; every problem at once, each with its place.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
    path::Path,
    time::Duration,
};

use http::StatusCode;
use serde_json::{Map, Value};
use wahook_core::{BuildError, BuildErrorKind, Endpoint, OnConflict, OnStoreDown};
use wahook_providers::{Options, PROVIDERS, ProviderRow, provider};

use super::{
    Admin, Config, EndpointConfig, Manage, Problem, SecretFile, SinkPlan, StoreDown, WhenConflicting,
    accounts, inbox, manage,
    secrets::{Given, Sources},
    sinks, store,
};
use crate::{failure::chain, server::Certificate, stores::StoreAddress, suggest::hint};

/// An endpoint at its path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Route {
    /// Where it is mounted.
    pub path: String,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Where its guard remembers.
    pub store: StoreAddress,
    /// How long a copy waits for the outcome of the one in flight, if that is configured.
    pub in_flight_wait: Option<Duration>,
    /// How many deliveries a second are taken, and how many of them at once; as many as come if there is none.
    pub rate: Option<[NonZeroU32; 2]>,
    /// What its accounts are called: account → name.
    pub accounts: BTreeMap<String, String>,
    /// Its secrets, and until when some of them are valid.
    pub(super) secret_files: Vec<SecretFile>,
    /// The provider's side of it.
    pub(crate) manage: Option<Manage>,
}

impl Route {
    /// An endpoint at a path, whose guard remembers in memory.
    #[must_use]
    pub fn new(path: String, endpoint: Endpoint) -> Self {
        Self {
            path,
            endpoint,
            store: StoreAddress::memory(),
            in_flight_wait: None,
            rate: None,
            accounts: BTreeMap::new(),
            secret_files: Vec::new(),
            manage: None,
        }
    }
}

/// All that can be made of a configuration without opening anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Built {
    /// The endpoints.
    pub routes: Vec<Route>,
    /// The inbox; `None` where deliveries are handed on before they are answered.
    pub inbox: Option<StoreAddress>,
    /// The sinks.
    pub sinks: Vec<SinkPlan>,
    /// What the listener shows; `None` where it speaks plain HTTP.
    pub tls: Option<Certificate>,
    /// The second listener.
    pub admin: Option<Admin>,
    /// What is worth a warning.
    pub warnings: Vec<Problem>,
}

/// Builds every endpoint and every sink. Relative paths start at `folder`.
///
/// # Errors
///
/// Every problem that was found, in the order of the file.
pub fn build(config: &Config, folder: &Path) -> Result<Built, Vec<Problem>> {
    let mut problems = check_all(config);
    let mut warnings = Vec::new();
    let mut routes = Vec::new();
    let of_all = store::of_all(config, folder).unwrap_or_else(|problem| {
        problems.push(problem);
        StoreAddress::memory()
    });
    for (index, endpoint) in config.endpoint.iter().enumerate() {
        let index = index.to_string();
        let at = |key: &str, message: String| Problem::new(&["endpoint", &index, key], message);
        match build_one(endpoint, &of_all, folder) {
            Ok(route) => {
                warnings.extend(habits_warning(endpoint, &route).map(|text| at("memory", text)));
                routes.push(route);
            }
            Err((key, message)) => problems.push(at(key, message)),
        }
    }
    problems.extend(store::of_groups(config, &routes));
    let inbox = inbox::of(config, folder);
    if let Ok(inbox) = &inbox {
        problems.extend(manage::check(config, inbox.is_some()));
        problems.extend(inbox::check(config, inbox.as_ref()));
    }
    let sinks = sinks::build(config, folder);
    let tls = config.tls.build(folder);
    let admin = config.admin.build(folder);
    match (inbox, sinks, tls, admin) {
        (Ok(inbox), Ok(sinks), Ok(tls), Ok(admin)) if problems.is_empty() => {
            warnings.extend(without_sink(config, &sinks));
            Ok(Built {
                routes,
                inbox,
                sinks,
                tls,
                admin,
                warnings,
            })
        }
        (inbox, sinks, tls, admin) => {
            problems.extend(inbox.err());
            problems.extend(sinks.err().into_iter().flatten());
            problems.extend(tls.err());
            problems.extend(admin.err());
            problems.sort_by_key(|problem| problem.path.get(1).and_then(|index| index.parse::<usize>().ok()));
            Err(problems)
        }
    }
}

/// What is answered with 200 and comes to nobody.
fn without_sink(config: &Config, sinks: &[SinkPlan]) -> impl Iterator<Item = Problem> {
    let endpoints = config.endpoint.iter().enumerate();
    let nowhere = endpoints.filter(|(_, endpoint)| !sinks::any_sink_takes(sinks, &endpoint.name));
    nowhere.map(|(index, endpoint)| {
        let text = format!(
            "no sink takes what endpoint `{}` receives: add its name to the `endpoints` of one, or leave them out there",
            endpoint.name
        );
        Problem::new(&["endpoint", &index.to_string(), "name"], text)
    })
}

/// What is about more than one endpoint.
fn check_all(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    if config.endpoint.is_empty() {
        let text = "there is no endpoint; add [[endpoint]] with name, provider and secret_file";
        problems.push(Problem::new(&[], text));
    }
    let mut names = HashMap::new();
    let mut paths = HashMap::new();
    for (index, endpoint) in config.endpoint.iter().enumerate() {
        let at = index.to_string();
        if let Some(first) = names.insert(endpoint.name.as_str(), index) {
            let text = format!(
                "the name `{}` is taken by endpoint {}; give each endpoint a name of its own",
                endpoint.name,
                first + 1
            );
            problems.push(Problem::new(&["endpoint", &at, "name"], text));
        } else if let Some(first) = paths.insert(endpoint.path(), index) {
            let text = format!(
                "the path `{}` is taken by endpoint {}; give each endpoint a path of its own",
                endpoint.path(),
                first + 1
            );
            problems.push(Problem::new(&["endpoint", &at, "path"], text));
        }
    }
    let limits = &config.limits;
    for (key, bad) in [
        ("body_bytes", limits.body_bytes == 0),
        ("connections", limits.connections == 0),
        ("streams", limits.streams == 0),
        ("remembered_keys", limits.remembered_keys == 0),
        ("bytes_in_flight", limits.bytes_in_flight < limits.body_bytes),
        ("waiting", limits.waiting == 0),
        ("inbox_bytes", limits.inbox_bytes == Some(0)),
        ("idle", limits.idle.get().is_zero()),
        ("total", limits.total.get().is_zero()),
        ("header_timeout", limits.header_timeout.get().is_zero()),
    ] {
        if bad {
            let text = match key {
                "bytes_in_flight" => "`bytes_in_flight` must not be less than `body_bytes`".to_owned(),
                _ => format!("`{key}` must be more than 0"),
            };
            problems.push(Problem::new(&["limits", key], text));
        }
    }
    problems.extend(config.log.check());
    if let Some(url) = &config.public_url
        && let Err(text) = check_public_url(url)
    {
        problems.push(Problem::new(&["public_url"], text));
    }
    problems
}

/// Checks that a URL can be completed with an endpoint's path.
pub(crate) fn check_public_url(url: &str) -> Result<(), String> {
    let wrong = || "`public_url` must be scheme and host, such as https://hooks.example.com".to_owned();
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    if web && uri.host().is_some() && uri.query().is_none() {
        Ok(())
    } else {
        Err(wrong())
    }
}

/// The key that is wrong, and why.
pub(super) type Wrong = (&'static str, String);

fn build_one(config: &EndpointConfig, store_of_all: &StoreAddress, folder: &Path) -> Result<Route, Wrong> {
    let row = find_provider(&config.provider).map_err(|text| ("provider", text))?;
    let path = config.path();
    // Without one it is made of the name, which is judged below: the complaint is about what was written.
    if let Some(path) = &config.path {
        check_path(path).map_err(|text| ("path", text))?;
    }
    check_options(row, &config.options).map_err(|text| ("options", text))?;
    let Given {
        secrets,
        files,
        rotating,
    } = secrets(config, folder)?;
    let mut endpoint = (row.build)(&config.name, secrets, &Options::new(config.options.clone()))
        .map_err(|error| (key_of(&error), chain(&error)))?
        .when_conflicting(match config.on_conflict {
            WhenConflicting::DropAndFlag => OnConflict::DropAndFlag,
            WhenConflicting::Handle => OnConflict::Handle,
        })
        .when_store_down(match config.on_store_down {
            StoreDown::AcceptWithoutDedupe => OnStoreDown::AcceptWithoutDedupe,
            StoreDown::Refuse => OnStoreDown::Refuse,
        });
    if let Some(memory) = config.memory {
        endpoint = endpoint.remember(memory.get());
    }
    if let Some(code) = config.answer_refused {
        endpoint = endpoint.answer_refused(status("answer_refused", code, 400..=499)?);
    }
    if let Some(code) = config.answer_malformed {
        endpoint = endpoint.answer_malformed(match code {
            200 => StatusCode::OK,
            _ => status("answer_malformed", code, 400..=499)?,
        });
    }
    if let Some(group) = &config.dedupe_group {
        endpoint = endpoint
            .dedupe_group(group)
            .map_err(|error| ("dedupe_group", chain(&error)))?;
    }
    if let Some(until) = rotating {
        endpoint.rotate_until(until);
    }
    accounts::check(&config.accounts).map_err(|text| ("accounts", text))?;
    let manage = config.manage.as_ref().map(|manage| manage.build(folder));
    let store = store::named(config.store.as_ref(), config.store_file.as_deref(), folder)?;
    Ok(Route {
        path,
        endpoint,
        store: store.unwrap_or_else(|| store_of_all.clone()),
        in_flight_wait: config.in_flight_wait.map(super::Period::get),
        rate: rate(config)?,
        accounts: config.accounts.clone(),
        secret_files: files,
        manage: manage.transpose()?,
    })
}

/// The row of a provider, or what to write instead.
pub(crate) fn find_provider(id: &str) -> Result<&'static ProviderRow, String> {
    provider(id).ok_or_else(|| {
        let ids = PROVIDERS.iter().map(|row| row.id);
        format!("unknown provider `{id}`{}", hint(id, ids))
    })
}

/// Option names by the provider's row; values are the provider's to judge.
pub(crate) fn check_options(row: &ProviderRow, options: &Map<String, Value>) -> Result<(), String> {
    let known = row.options.iter().map(|option| option.name);
    match options
        .keys()
        .find(|name| !known.clone().any(|known| known == name.as_str()))
    {
        None => Ok(()),
        Some(name) => Err(format!(
            "unknown option `{name}` of {}{}",
            row.id,
            hint(name, known)
        )),
    }
}

fn check_path(path: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if path.len() > 1 && path.starts_with('/') && !path.ends_with('/') && path.bytes().all(plain) {
        Ok(())
    } else {
        Err("a path begins with `/`, does not end with it, and has letters, digits, `-`, `_`, `.` and `~` only".to_owned())
    }
}

fn status(key: &'static str, code: u16, allowed: std::ops::RangeInclusive<u16>) -> Result<StatusCode, Wrong> {
    StatusCode::from_u16(code)
        .ok()
        .filter(|_| allowed.contains(&code))
        .ok_or_else(|| {
            let (low, high) = (allowed.start(), allowed.end());
            (key, format!("`{key}` must be a status from {low} to {high}"))
        })
}

/// A rate, and its burst.
fn rate(config: &EndpointConfig) -> Result<Option<[NonZeroU32; 2]>, Wrong> {
    let number = |key: &'static str, number: u32| {
        NonZeroU32::new(number)
            .filter(|number| number.get() <= 1_000_000)
            .ok_or_else(|| (key, format!("`{key}` must be from 1 to 1000000")))
    };
    match (config.rate, config.burst) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(("burst", "a `burst` without a `rate`; add `rate`".to_owned())),
        (Some(rate), burst) => Ok(Some([
            number("rate", rate)?,
            number("burst", burst.unwrap_or(rate))?,
        ])),
    }
}

fn secrets(config: &EndpointConfig, folder: &Path) -> Result<Given, Wrong> {
    let sources = Sources {
        secret: config.secret.as_ref(),
        secret_file: config.secret_file.as_ref(),
        secrets: config.secrets.as_ref(),
        secrets_files: config.secrets_files.as_ref(),
    };
    let whose = format!("endpoint `{}`", config.name);
    sources.read(&whose, folder)?.ok_or_else(|| {
        let text = format!(
            "{whose} has no secret; add `secret_file = \"…\"`, or set {}",
            config.secret_variable()
        );
        ("name", text)
    })
}

/// The key that a provider's refusal to build is about.
fn key_of(error: &BuildError) -> &'static str {
    match error.kind() {
        BuildErrorKind::Name => "name",
        BuildErrorKind::Secret => "secret",
        _ => "options",
    }
}

fn habits_warning(config: &EndpointConfig, route: &Route) -> Option<String> {
    let habits = route.endpoint.provider().habits();
    (route.endpoint.memory() < habits.memory).then(|| {
        format!(
            "endpoint `{}` forgets after {}, but {} may repeat for {}; a late repetition is handled twice",
            config.name,
            super::Period::from(route.endpoint.memory()),
            config.provider,
            super::Period::from(habits.memory)
        )
    })
}
