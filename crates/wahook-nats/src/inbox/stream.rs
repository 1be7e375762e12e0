//! The stream: made if it is not there, and refused if it would lose what it acknowledged.

use async_nats::jetstream::{
    Context, ErrorCode,
    context::GetStreamErrorKind,
    stream::{Config, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType, Stream},
};
use wahook_core::guard::{OpenError, OpenErrorKind};

use super::NatsInboxOptions;

/// What the subjects of a stream begin with. Not with `wahook.`: the streams of sinks take that.
pub(super) fn prefix(stream: &str) -> String {
    format!("wahook-inbox.{stream}")
}

pub(super) async fn find_or_make(context: &Context, options: &NatsInboxOptions) -> Result<Stream, OpenError> {
    let name = &options.stream;
    let found = match context.get_stream(name).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                make(context, options).await?
            }
            GetStreamErrorKind::JetStream(said) => {
                let text = format!(
                    "JetStream refuses to tell of the stream {name} (error {}): allow the user $JS.API.>, and enable JetStream",
                    said.error_code().0
                );
                return Err(OpenError::new(OpenErrorKind::Refused, text));
            }
            _ => {
                let text = format!(
                    "the stream {name} cannot be looked for; is JetStream enabled (`jetstream {{}}`)?"
                );
                return Err(OpenError::new(OpenErrorKind::Unreachable, text));
            }
        },
    };
    check(&found.cached_info().config)?;
    Ok(found)
}

async fn make(context: &Context, options: &NatsInboxOptions) -> Result<Stream, OpenError> {
    let bytes = options
        .max_bytes
        .and_then(|bytes| i64::try_from(bytes.get()).ok());
    let config = Config {
        name: options.stream.clone(),
        subjects: vec![format!("{}.>", prefix(&options.stream))],
        description: Some("the inbox of wahook; do not change or purge it by hand".to_owned()),
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: bytes.unwrap_or(-1),
        num_replicas: options.replicas.max(1),
        allow_direct: true,
        ..Config::default()
    };
    // Of two that start at once both find it.
    context.get_or_create_stream(config).await.map_err(|error| {
        let text = format!(
            "the stream {} cannot be made: {}; make it yourself, in files, with discard new, no max_age, and the subjects {}.>",
            options.stream,
            error.kind(),
            prefix(&options.stream)
        );
        OpenError::new(OpenErrorKind::Refused, text)
    })
}

fn check(config: &Config) -> Result<(), OpenError> {
    wrong(config).map_or(Ok(()), |text| Err(OpenError::new(OpenErrorKind::Refused, text)))
}

/// Why a stream may lose what it acknowledged, or cannot be cleaned, and what to change.
pub(super) fn wrong(config: &Config) -> Option<String> {
    let needed = format!("{}.>", prefix(&config.name));
    let wrong = [
        (
            config.storage == StorageType::Memory,
            "is kept in memory: make it anew with storage file",
        ),
        (
            config.retention != RetentionPolicy::Limits,
            "drops what was read: make it anew with retention limits",
        ),
        (
            !config.max_age.is_zero(),
            "drops what is old: set its max_age to 0",
        ),
        (
            config.max_messages_per_subject > 0,
            "drops what is old of a subject: set its max_msgs_per_subject to -1",
        ),
        (
            // Where nothing more fits, nothing can be settled either: of bytes some are kept free for that.
            config.max_messages > 0,
            "has a limit of messages: set its max_msgs to -1, and bound it with max_bytes",
        ),
        (
            config.max_bytes > 0 && config.discard == DiscardPolicy::Old,
            "drops what is old when it is full: set its discard policy to new",
        ),
        (config.no_ack, "acknowledges nothing: set its no_ack to false"),
        (config.sealed, "is sealed: name another"),
        (
            config.deny_purge,
            "cannot be cleaned (deny_purge), which nobody can change: name another",
        ),
        (
            config.mirror.is_some() || config.sources.as_ref().is_some_and(|sources| !sources.is_empty()),
            "takes messages of other streams: name another",
        ),
        (
            config.persist_mode == Some(PersistenceMode::Async),
            "acknowledges before it writes: set its persist_mode to default",
        ),
    ];
    let text = wrong
        .into_iter()
        .find_map(|(is_wrong, text)| is_wrong.then_some(text.to_owned()));
    let text = text.or_else(|| {
        let has_subjects = config
            .subjects
            .iter()
            .any(|subject| *subject == needed || subject == ">");
        (!has_subjects).then(|| format!("does not take {needed}: add that to its subjects"))
    });
    text.map(|text| format!("the stream {} {text}", config.name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn good() -> Config {
        Config {
            name: "IN".to_owned(),
            subjects: vec!["wahook-inbox.IN.>".to_owned()],
            max_bytes: -1,
            max_messages: -1,
            max_messages_per_subject: -1,
            ..Config::default()
        }
    }

    #[test]
    fn i1_a_stream_that_would_lose_something_is_refused_with_what_to_change() {
        assert!(check(&good()).is_ok());
        let full = Config {
            max_bytes: 1 << 30,
            discard: DiscardPolicy::New,
            ..good()
        };
        assert!(check(&full).is_ok());
        let said = |change: &dyn Fn(&mut Config)| {
            let mut config = good();
            change(&mut config);
            check(&config).unwrap_err().to_string()
        };
        assert!(said(&|config| config.storage = StorageType::Memory).contains("storage file"));
        assert!(said(&|config| config.retention = RetentionPolicy::WorkQueue).contains("retention limits"));
        assert!(said(&|config| config.max_age = Duration::from_secs(1)).contains("max_age"));
        assert!(said(&|config| config.max_bytes = 1 << 30).contains("discard policy to new"));
        assert!(said(&|config| config.max_messages = 1).contains("max_msgs to -1"));
        assert!(said(&|config| config.max_messages_per_subject = 1).contains("max_msgs_per_subject"));
        assert!(said(&|config| config.no_ack = true).contains("no_ack"));
        assert!(said(&|config| config.sealed = true).contains("sealed"));
        assert!(said(&|config| config.deny_purge = true).contains("deny_purge"));
        assert!(said(&|config| config.subjects.clear()).contains("wahook-inbox.IN.>"));
        assert!(said(&|config| config.persist_mode = Some(PersistenceMode::Async)).contains("persist_mode"));
    }
}
