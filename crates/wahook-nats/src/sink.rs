//! Publishing, and waiting for the acknowledgement.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_nats::{
    Client, ConnectError, HeaderMap, ServerAddr,
    connection::State,
    jetstream::{
        self, Context, ErrorCode,
        context::{PublishError, PublishErrorKind},
        message::PublishMessage,
        stream::{Config, StorageType},
    },
};
use tokio::{sync::Mutex, time::Instant};
use wahook_core::{
    BoxFuture,
    guard::OpenError,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind, header_identity, header_value},
};

use crate::{
    NatsOptions,
    connection::{self, names_a_stream, servers, wrong},
};

/// Publishes events to JetStream; an event is done when its stream has acknowledged it.
pub struct NatsSink {
    servers: Vec<ServerAddr>,
    options: NatsOptions,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connected: Option<Arc<Connected>>,
    /// When the last attempt to connect, or to make the stream, failed, and why: those who waited for it have their answer.
    failed: Option<(Instant, SinkError)>,
}

struct Connected {
    context: Context,
    /// Whether the stream was there when it was looked for.
    is_ready: AtomicBool,
}

/// The longest subject: it stands in a line of 4096 bytes, if the server is not told otherwise, with an inbox and two numbers.
const LONGEST: usize = 3900;

impl NatsSink {
    /// Publishes there: `nats://host:4222` or `tls://…`, several with commas between; user and password, or a token, stand
    /// before the host. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`](wahook_core::guard::OpenErrorKind::Address) for an address or a subject that cannot be used, or credentials that are none.
    pub fn new(address: &str, options: NatsOptions) -> Result<Self, OpenError> {
        let servers = servers(address)?;
        let subject = options.subject.to_string();
        if subject.starts_with(['.', '$'])
            || subject.ends_with('.')
            || subject.contains("..")
            || subject.contains(['*', '>'])
        {
            return Err(wrong(
                "a subject has words with one dot between them, does not begin with `$`, and has no `*` and `>`",
            ));
        }
        if let Some(name) = &options.stream {
            names_a_stream(name)?;
        }
        if options.stream.is_some() && options.create && subjects(&options).is_none() {
            return Err(wrong(
                "which subjects the stream is to take is not known, as the subject begins with a place: begin it with a word, or make \
                 the stream yourself and set create = false",
            ));
        }
        connection::options(&servers, options.credentials.as_ref(), options.ca.as_deref())?;
        Ok(Self {
            servers,
            options,
            open: Mutex::default(),
        })
    }

    /// The connection, which is made if there is none; one lane does that for all that wait.
    async fn connected(&self) -> Result<Arc<Connected>, SinkError> {
        let asked = Instant::now();
        let mut open = self.open.lock().await;
        if let Some((_, error)) = open.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(error.clone());
        }
        let ready = self.ready(&mut open.connected).await;
        if let Err(error) = &ready {
            open.failed = Some((Instant::now(), error.clone()));
        }
        ready
    }

    async fn ready(&self, place: &mut Option<Arc<Connected>>) -> Result<Arc<Connected>, SinkError> {
        let now = match place {
            Some(now) => now,
            None => {
                let mut context = jetstream::new(self.connect().await?);
                context.set_timeout(self.options.timeout);
                place.insert(Arc::new(Connected {
                    context,
                    is_ready: AtomicBool::new(false),
                }))
            }
        };
        // What was published now would wait in the client, and come after what is tried again.
        if now.context.client().connection_state() != State::Connected {
            return Err(away("there is no connection to the server"));
        }
        if !now.is_ready.load(Ordering::Acquire) {
            self.make_stream(&now.context).await?;
            now.is_ready.store(true, Ordering::Release);
        }
        Ok(Arc::clone(now))
    }

    async fn connect(&self) -> Result<Client, SinkError> {
        let (credentials, ca) = (self.options.credentials.as_ref(), self.options.ca.as_deref());
        let options = connection::options(&self.servers, credentials, ca)
            .map_err(|_| away("the credentials cannot be read"))?;
        options
            .request_timeout(Some(self.options.timeout))
            .connect(&self.servers)
            .await
            .map_err(|error| away(cannot_connect(&error)))
    }

    async fn make_stream(&self, context: &Context) -> Result<(), SinkError> {
        let (Some(name), true) = (&self.options.stream, self.options.create) else {
            return Ok(());
        };
        let config = Config {
            name: name.clone(),
            subjects: subjects(&self.options).into_iter().collect(),
            storage: StorageType::File,
            ..Config::default()
        };
        let made = context.get_or_create_stream(config).await;
        made.map(drop).map_err(|error| {
            away(format!(
                "the stream {name} can neither be found nor made: {}; make it, and set create = false",
                error.kind()
            ))
        })
    }

    async fn publish(&self, event: &Event) -> Result<(), SinkError> {
        let message = self.options.form.message(event)?;
        let subject = self.options.subject.of(event);
        if subject.len() > LONGEST {
            let text = "the subject is longer than the server reads (max_control_line)";
            return Err(SinkError::new(SinkErrorKind::Refused, text));
        }
        let connected = self.connected().await?;
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", message.content_type);
        headers.insert("Wahook-Lane", message.lane);
        for (name, value) in &message.attributes {
            headers.insert(format!("ce-{name}"), header_value(value).as_ref());
        }
        let mut publish = PublishMessage::build()
            .payload(message.body.into())
            .headers(headers)
            .message_id(header_identity(event));
        if let Some(stream) = &self.options.stream {
            publish = publish.expected_stream(stream);
        }
        let acknowledged = match connected.context.send_publish(subject, publish).await {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        let Err(error) = acknowledged else {
            return Ok(());
        };
        let error = failed(&error);
        // The stream may be gone with all that it had: it is looked for again.
        if error.kind() != SinkErrorKind::Refused {
            connected.is_ready.store(false, Ordering::Release);
        }
        Err(error)
    }
}

/// Why there is no connection. Not the whole error: it may name what is not ours to name.
fn cannot_connect(error: &ConnectError) -> String {
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let inner = next.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return match error {
                rustls::Error::InvalidCertificate(_) => {
                    "cannot connect: the server's certificate is not one to trust: the file `ca` names its authority, and the \
                     address the name that stands in it"
                        .to_owned()
                }
                _ => "cannot connect: there is no TLS with the server".to_owned(),
            };
        }
        cause = next.source();
    }
    format!("cannot connect: {}", error.kind())
}

fn failed(error: &PublishError) -> SinkError {
    let source = std::error::Error::source(error);
    let said = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
    match (error.kind(), said) {
        (PublishErrorKind::MaxPayloadExceeded, _) => {
            let text = "the event is larger than the server takes (max_payload): raise that, or leave the provider's JSON out with \
                            raw = false";
            SinkError::new(SinkErrorKind::Refused, text)
        }
        (PublishErrorKind::StreamNotFound, _) => away(
            "no stream takes the subject; make one that does, or let it be made: stream = \"…\" and no create = false",
        ),
        (_, Some(said)) if said.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            let text = "the event is larger than the stream takes (max_msg_size): raise that, or leave the provider's JSON out with \
                        raw = false";
            SinkError::new(SinkErrorKind::Refused, text)
        }
        (_, Some(said)) if said.error_code() == ErrorCode::STREAM_NOT_MATCH => {
            away("the subject belongs to another stream: name it with `stream`")
        }
        // It is named by its number: its text may name the subject.
        (_, Some(said)) if said.code() == 503 => {
            away(format!("the stream is not there: {}", said.error_code().0))
        }
        (_, Some(said)) => away(format!("the stream refused it: error {}", said.error_code().0)),
        (kind, None) => away(kind.to_string()),
    }
}

/// The subjects that a stream of ours takes.
fn subjects(options: &NatsOptions) -> Option<String> {
    if options.subject.is_fixed() {
        return Some(options.subject.to_string());
    }
    let (words, _) = options.subject.beginning().rsplit_once('.')?;
    Some(format!("{words}.>"))
}

impl Sink for NatsSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            for (index, event) in events.iter().enumerate() {
                // The next one only behind it: of two on the way the second might be stored alone.
                if let Err(error) = self.publish(event).await {
                    return Delivered::up_to(index, error);
                }
            }
            Delivered::all(events)
        })
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for NatsSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsSink")
            .field("servers", &self.servers.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Whatever the event: all lanes had better wait.
fn away(text: impl Into<String>) -> SinkError {
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}
