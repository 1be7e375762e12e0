//! Events as entries of a stream.

use std::{fmt, num::NonZeroU64, sync::Arc, time::Duration};

use redis::Cmd;
use tokio::{sync::Mutex, time::Instant};
use wahook_core::{
    BoxFuture,
    guard::OpenError,
    model::Event,
    sink::{Delivered, MessageForm, Sink, SinkError, SinkErrorKind, Topic},
};

use crate::{RedisOptions, address::Address, dial::Dialer, error::Cause, link::Link};

/// Appends events to a stream (`XADD`); an event is done when the server has answered.
///
/// ```no_run
/// use wahook_redis::{RedisStreamOptions, RedisStreamSink};
///
/// let sink = RedisStreamSink::new("redis://app:secret@localhost/0", RedisStreamOptions::default())?;
/// # Ok::<(), wahook_core::guard::OpenError>(())
/// ```
///
/// Entries have the fields `id` (the event's key, with `#r` and a number behind it for a replay), `lane`, `content_type`,
/// `event`, and, in binary mode, `ce_…` for each attribute of CloudEvents. Entries of one conversation are in order. What is
/// handed over again is there twice, with the same `id`: Redis does not compare them, consumers have to.
///
/// *A stream is bounded*: beyond [`max_len`](RedisStreamOptions::max_len) entries the oldest are dropped, **read or not**. It
/// has to be larger than what comes while consumers are away. *What survives* is the server's matter, as for
/// [`RedisStore`](crate::RedisStore): power loss with `appendfsync always` alone, and no failover without a loss of the newest.
///
/// Nothing is connected before the first event. While the server is away, a hand-over fails, and the worker tries again.
pub struct RedisStreamSink {
    dialer: Dialer,
    options: RedisStreamOptions,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    link: Option<Arc<Link>>,
    /// When the last attempt to make one failed, and why: those who waited for it have their answer.
    failed: Option<(Instant, Cause)>,
}

/// Which stream, and what is in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisStreamOptions {
    /// The key of the stream; `wahook.{endpoint}.{kind}` would be many. `wahook` by default.
    pub stream: Topic,
    /// About so many entries are kept; 1,000,000 by default.
    pub max_len: NonZeroU64,
    /// What an entry looks like.
    pub form: MessageForm,
    /// How long the server may take to answer; 5 s by default.
    pub timeout: Duration,
    /// Where certificates are, and how long a connection may take; its prefix and deadline play no part.
    pub connection: RedisOptions,
}

impl Default for RedisStreamOptions {
    fn default() -> Self {
        Self {
            stream: Topic::fixed("wahook"),
            max_len: NonZeroU64::new(1_000_000).unwrap_or(NonZeroU64::MIN),
            form: MessageForm::default(),
            timeout: Duration::from_secs(5),
            connection: RedisOptions::new(),
        }
    }
}

impl RedisStreamSink {
    /// Appends there, by a URL as [`RedisStore::connect`](crate::RedisStore::connect) takes it. Needs a Tokio runtime when it is
    /// used, in which a task keeps the connection.
    ///
    /// # Errors
    ///
    /// [`Address`](wahook_core::guard::OpenErrorKind::Address) if the URL or a certificate file is none.
    pub fn new(url: &str, options: RedisStreamOptions) -> Result<Self, OpenError> {
        let address = Address::parse(url, &options.connection)?;
        Ok(Self {
            dialer: Dialer::new(address, options.connection.connect_deadline)?,
            options,
            open: Mutex::default(),
        })
    }

    /// The connection, which is made if there was none yet, by one lane for all that wait; after that it is kept by itself.
    async fn link(&self) -> Result<Arc<Link>, Cause> {
        let asked = Instant::now();
        let mut open = self.open.lock().await;
        if let Some(link) = &open.link {
            return Ok(Arc::clone(link));
        }
        if let Some((_, cause)) = open.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(cause.clone());
        }
        match Link::open(self.dialer.clone(), self.options.timeout).await {
            Ok(link) => Ok(Arc::clone(open.link.insert(Arc::new(link)))),
            Err(cause) => {
                open.failed = Some((Instant::now(), cause.clone()));
                Err(cause)
            }
        }
    }

    async fn append(&self, event: &Event) -> Result<(), SinkError> {
        let message = self.options.form.message(event)?;
        let mut command = redis::cmd("XADD");
        command
            .arg(self.options.stream.of(event))
            .arg("MAXLEN")
            .arg("~")
            .arg(self.options.max_len.get())
            .arg("*");
        let mut field = |name: &str, value: &[u8]| {
            command.arg(name).arg(value);
        };
        field("id", message.id.as_bytes());
        field("lane", message.lane.as_bytes());
        field("content_type", message.content_type.as_bytes());
        for (name, value) in &message.attributes {
            field(&format!("ce_{name}"), value.as_bytes());
        }
        field("event", &message.body);
        self.ask(&command).await.map_err(failed)
    }

    async fn ask(&self, command: &Cmd) -> Result<(), Cause> {
        let link = self.link().await?;
        link.ask::<String>(command, self.options.timeout).await.map(drop)
    }
}

fn failed(cause: Cause) -> SinkError {
    let text = match &cause {
        Cause::Code(code) if code == "WRONGTYPE" => {
            "the key of the stream is something else: give it another name".to_owned()
        }
        cause => cause.to_string(),
    };
    // Whatever the event: all lanes had better wait.
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}

impl Sink for RedisStreamSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            for (index, event) in events.iter().enumerate() {
                // The next one only behind it: of two on the way the second might be kept alone.
                if let Err(error) = self.append(event).await {
                    return Delivered::up_to(index, error);
                }
            }
            Delivered::all(events)
        })
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisStreamSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreamSink")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
