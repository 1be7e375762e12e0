//! From configuration to what sinks are opened with; every problem at once.

use std::{
    collections::HashMap,
    num::{NonZeroU32, NonZeroU64},
    path::Path,
};

use wahook_core::{Endpoint, guard::Digest, json::Text, model::Kind};
use wahook_worker::{Filter, OnPoison, Retries};

use super::{
    Broker, Config, EndpointConfig, Format, Problem, SinkConfig, SinkType, UrlText, WhenPoison, broker,
    build::Wrong, meta, secrets::Sources, store,
};
use crate::{
    failure::chain,
    sinks::{self, FileOptions, Form, HttpOptions, SqlOptions},
    stores::StoreAddress,
    suggest::hint,
};

/// A sink that can be opened, and what it is to get.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SinkPlan {
    /// Its name.
    pub name: String,
    /// Which events.
    pub filter: Filter,
    /// What happens when it fails.
    pub retries: Retries,
    /// How many lanes at once, if that is configured.
    pub lanes: Option<usize>,
    /// What to open.
    pub to: SinkTo,
    /// Another one has to be opened anew; one of the same may go on.
    pub(crate) mark: Digest,
}

/// What to open.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SinkTo {
    /// Lines in a file.
    File(FileOptions),
    /// A URL.
    Http(UrlText, HttpOptions),
    /// A URL whose owner reads what Meta sends, and verifies with a secret of its own.
    Meta(UrlText, HttpOptions, Endpoint),
    /// A table.
    Sql(StoreAddress, SqlOptions),
    /// Standard output.
    Stdout(Form),
    /// A broker.
    Broker(Broker),
}

impl SinkTo {
    /// Where events go, without a credential.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::File(options) => format!("file {}", options.path.display()),
            Self::Http(url, _) | Self::Meta(url, ..) => format!("http {}", url.shown()),
            Self::Sql(address, options) => format!("sql {address}, table {}", options.table),
            Self::Stdout(_) => "standard output".to_owned(),
            Self::Broker(broker) => broker.shown.clone(),
        }
    }
}

/// Every sink, in the order of the file; standard output if there is none.
pub(super) fn build(config: &Config, folder: &Path) -> Result<Vec<SinkPlan>, Vec<Problem>> {
    let usual = [SinkConfig::stdout()];
    let sinks = if config.sink.is_empty() {
        &usual[..]
    } else {
        &config.sink
    };
    let (mut plans, mut problems) = (Vec::new(), Vec::new());
    let (mut names, mut files) = (HashMap::new(), HashMap::new());
    for (index, sink) in sinks.iter().enumerate() {
        let at = |key: &str, text: String| Problem::new(&["sink", &index.to_string(), key], text);
        if let Some(first) = names.insert(sink.name.as_str(), index) {
            let text = format!(
                "the name `{}` is taken by sink {}; give each sink a name of its own",
                sink.name,
                first + 1
            );
            problems.push(at("name", text));
        }
        match build_one(sink, &config.endpoint, folder) {
            Ok(plan) => {
                if let SinkTo::File(options) = &plan.to
                    && let Some(first) = files.insert(options.path.clone(), index)
                {
                    let text = format!(
                        "the file is that of sink {}; give each sink a file of its own",
                        first + 1
                    );
                    problems.push(at("path", text));
                }
                plans.push(plan);
            }
            Err((key, text)) => problems.push(at(key, text)),
        }
    }
    if problems.is_empty() {
        Ok(plans)
    } else {
        Err(problems)
    }
}

/// Whether any of them takes what this endpoint receives.
pub(crate) fn any_sink_takes(sinks: &[SinkPlan], endpoint: &str) -> bool {
    let mut all = sinks.iter().map(|sink| &sink.filter.endpoints);
    all.any(|names| names.is_empty() || names.iter().any(|name| name == endpoint))
}

fn build_one(sink: &SinkConfig, endpoints: &[EndpointConfig], folder: &Path) -> Result<SinkPlan, Wrong> {
    check_name(&sink.name)?;
    let kind = sink.kind.as_str();
    if let Some((key, of)) = sink
        .of_types()
        .into_iter()
        .find(|(_, of)| !of.contains(&sink.kind))
    {
        let of: Vec<_> = of.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
        return Err((
            key,
            format!(
                "`{key}` is of sinks of type {}; `{}` is one of type `{kind}`",
                of.join(", "),
                sink.name
            ),
        ));
    }
    let mut mark = format!("{sink:?}").into_bytes();
    let to = match sink.kind {
        SinkType::Stdout => SinkTo::Stdout(form(sink)?),
        SinkType::File => SinkTo::File(file(sink, folder)?),
        SinkType::Http => http(sink, endpoints, folder, &mut mark)?,
        SinkType::Sql => sql(sink, folder, &mut mark)?,
        SinkType::Kafka | SinkType::Nats | SinkType::Rabbitmq | SinkType::Redis => {
            broker::build(sink, folder, &mut mark)?
        }
    };
    Ok(SinkPlan {
        name: sink.name.clone(),
        filter: filter(sink, endpoints)?,
        retries: retries(sink)?,
        lanes: above_zero("lanes", sink.lanes)?,
        to,
        mark: Digest::of(&mark),
    })
}

/// The same as an endpoint's: it shows in the same places.
fn check_name(name: &str) -> Result<(), Wrong> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(())
    } else {
        Err((
            "name",
            "the name of a sink has 1 to 64 lower-case letters, digits, '-', '_' or '.'".to_owned(),
        ))
    }
}

fn above_zero<T: PartialEq + From<u8>>(key: &'static str, value: Option<T>) -> Result<Option<T>, Wrong> {
    match value {
        Some(value) if value == T::from(0) => Err((key, format!("`{key}` must be more than 0"))),
        value => Ok(value),
    }
}

fn filter(sink: &SinkConfig, endpoints: &[EndpointConfig]) -> Result<Filter, Wrong> {
    let mut filter = Filter::default();
    for word in &sink.kinds {
        let words = Kind::ALL.iter().map(|kind| kind.as_str());
        let kind = Kind::ALL.iter().find(|kind| kind.as_str() == word);
        let unknown = || ("kinds", format!("unknown kind `{word}`{}", hint(word, words)));
        filter.kinds.push(*kind.ok_or_else(unknown)?);
    }
    for name in &sink.endpoints {
        let names = endpoints.iter().map(|endpoint| endpoint.name.as_str());
        if !names.clone().any(|known| known == name) {
            return Err((
                "endpoints",
                format!("unknown endpoint `{name}`{}", hint(name, names)),
            ));
        }
        filter.endpoints.push(Text::from(name.as_str()));
    }
    let texts = |list: &[String]| list.iter().map(|text| Text::from(text.as_str())).collect();
    filter.accounts = texts(&sink.accounts);
    filter.tenants = texts(&sink.tenants);
    filter.names = texts(&sink.names);
    Ok(filter)
}

fn retries(sink: &SinkConfig) -> Result<Retries, Wrong> {
    let usual = Retries::default();
    let retries = Retries {
        first: sink.first_retry.map_or(usual.first, |period| period.get()),
        most: sink.longest_retry.map_or(usual.most, |period| period.get()),
        attempts: above_zero("attempts", sink.attempts)?.unwrap_or(usual.attempts),
        give_up_after: sink
            .give_up_after
            .map_or(usual.give_up_after, |period| period.get()),
        on_poison: match sink.on_poison {
            WhenPoison::Block => OnPoison::Block,
            WhenPoison::Park => OnPoison::Park,
        },
    };
    if retries.most < retries.first {
        return Err((
            "longest_retry",
            "`longest_retry` must not be shorter than `first_retry`".to_owned(),
        ));
    }
    Ok(retries)
}

fn form(sink: &SinkConfig) -> Result<Form, Wrong> {
    let format = match sink.format {
        Format::Event => sinks::Format::Event,
        Format::CloudEvents => sinks::Format::CloudEvents,
        Format::CloudEventsBinary => {
            return Err((
                "format",
                "`cloudevents-binary` needs headers: it is of sinks of type `http`, `kafka`, `nats`, `rabbitmq` and `redis`".to_owned(),
            ));
        }
        Format::Meta => return Err(only_http()),
    };
    Ok(Form {
        format,
        raw: sink.raw,
    })
}

fn file(sink: &SinkConfig, folder: &Path) -> Result<FileOptions, Wrong> {
    let path = sink.path.as_ref().filter(|path| !path.as_os_str().is_empty());
    let path = path.ok_or_else(|| missing("path", "events.jsonl"))?;
    let path = folder.join(path);
    let mut options = FileOptions::new(std::path::absolute(&path).unwrap_or(path));
    options.form = form(sink)?;
    if let Some(bytes) = above_zero("rotate_bytes", sink.rotate_bytes)?.and_then(NonZeroU64::new) {
        options.max_bytes = bytes;
    }
    options.max_age = sink.rotate_after.map(super::Period::get);
    options.keep = above_zero("keep", sink.keep)?.and_then(NonZeroU32::new);
    Ok(options)
}

pub(super) fn only_http() -> Wrong {
    (
        "format",
        "`meta` is a signed request: it is of sinks of type `http`".to_owned(),
    )
}

fn http(
    sink: &SinkConfig,
    endpoints: &[EndpointConfig],
    folder: &Path,
    mark: &mut Vec<u8>,
) -> Result<SinkTo, Wrong> {
    let url = sink.url.as_ref().ok_or_else(|| missing("url", "https://…"))?;
    mark.extend_from_slice(url.expose().as_bytes());
    let mut options = HttpOptions::default();
    options.raw = sink.raw;
    let is_meta = sink.format == Format::Meta;
    if !is_meta {
        options.format = broker::message_format(sink.format)?;
    }
    let sources = Sources {
        secret: sink.secret.as_ref(),
        secret_file: sink.secret_file.as_ref(),
        secrets: sink.secrets.as_ref(),
        secrets_files: sink.secrets_files.as_ref(),
    };
    let given = sources.read(&format!("sink `{}`", sink.name), folder)?;
    options.secrets = given.map(|given| given.secrets);
    for secret in options.secrets.iter().flat_map(|secrets| secrets.as_slice()) {
        mark.push(0);
        mark.extend_from_slice(secret.expose().as_bytes());
    }
    if let Some(timeout) = sink.timeout {
        options.timeout = timeout.get();
        options.read_timeout = timeout.get();
    }
    if let Some(timeout) = sink.connect_timeout {
        options.connect_timeout = timeout.get();
    }
    options.allow_private = sink.allow_private.unwrap_or(options.allow_private);
    options.environment_proxy = sink.environment_proxy.unwrap_or(options.environment_proxy);
    for (name, value) in &sink.headers {
        mark.extend_from_slice(value.expose().as_bytes());
        options = options
            .header(name, value.expose())
            .map_err(|error| ("headers", chain(&error)))?;
    }
    if !is_meta {
        return Ok(SinkTo::Http(url.clone(), options));
    }
    let signer = meta::signer(sink, endpoints, options.secrets.take())?;
    Ok(SinkTo::Meta(url.clone(), options, signer))
}

fn sql(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let keys = ["address", "address_file"];
    let address = store::from_keys(keys, sink.address.as_ref(), sink.address_file.as_deref(), folder)?
        .ok_or_else(|| missing("address", "postgres://…"))?;
    if !address.row().has_tables {
        let text = format!(
            "{} has no tables; name sqlite:PATH or postgres://…",
            address.row().name
        );
        return Err(("address", text));
    }
    mark.extend_from_slice(address.expose().as_bytes());
    let usual = SqlOptions::default();
    let options = SqlOptions {
        table: sink.table.clone().unwrap_or_else(|| usual.table.clone()),
        create: sink.create.unwrap_or(usual.create),
        form: form(sink)?,
        ..usual
    };
    Ok(SinkTo::Sql(address, options))
}

pub(super) fn missing(key: &'static str, example: &str) -> Wrong {
    // The place is that of the type, which asks for it.
    ("type", format!("`{key}` is missing; add `{key} = \"{example}\"`"))
}
