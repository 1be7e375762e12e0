//! Publishing, and waiting for the confirm.

use std::{fmt, io, time::Duration};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, ErrorKind,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    tcp::OwnedTLSConfig,
    types::{AMQPValue, FieldTable, LongString, ShortString},
    uri::AMQPUri,
};
use tokio::{sync::Mutex, time::timeout};
use wahook_core::{
    BoxFuture, Secret,
    guard::{OpenError, OpenErrorKind},
    model::Event,
    sink::{Delivered, Message, Sink, SinkError, SinkErrorKind},
};

use crate::{RabbitMqOptions, To};

/// Publishes events to RabbitMQ; an event is done when the broker has confirmed it.
pub struct RabbitMqSink {
    address: Secret,
    options: RabbitMqOptions,
    open: Mutex<Option<Open>>,
}

/// A connection, and the channel on it that all lanes share.
struct Open {
    _connection: Connection,
    channel: Channel,
}

/// How long a connection may take, with all that is said before the first message.
const CONNECT: Duration = Duration::from_secs(10);
/// A text that AMQP calls short has so many bytes at most.
const SHORT: usize = 255;
/// The delivery mode that survives the broker.
const PERSISTENT: u8 = 2;

impl RabbitMqSink {
    /// Publishes there: `amqp://user:password@host:5672/vhost`, or `amqps://…`; the virtual host `/` is written `%2f`. Nothing is
    /// connected yet.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`] for an address or a name that cannot be used.
    pub fn new(address: &str, options: RabbitMqOptions) -> Result<Self, OpenError> {
        // Not the parser's error: it may say what it stumbled over.
        let wrong = |text: &str| OpenError::new(OpenErrorKind::Address, text);
        let unreadable = "the address cannot be read: amqp://user:password@host:5672/%2f";
        address.trim().parse::<AMQPUri>().map_err(|_| wrong(unreadable))?;
        let (To::Queue { name, .. } | To::Exchange { name, .. }) = &options.to;
        if name.is_empty() || name.len() > SHORT {
            return Err(wrong("a queue or an exchange has a name of 1 to 255 bytes"));
        }
        Ok(Self {
            address: Secret::dangerous_published(address.trim()).map_err(|_| wrong(unreadable))?,
            options,
            open: Mutex::new(None),
        })
    }

    /// The channel; a connection is made if there is none.
    async fn channel(&self) -> Result<Channel, SinkError> {
        let mut open = self.open.lock().await;
        if let Some(now) = open.take_if(|now| now.channel.status().connected()) {
            return Ok(open.insert(now).channel.clone());
        }
        *open = None;
        let made = timeout(CONNECT, self.connect()).await;
        let made = made.map_err(|_| away("the broker did not answer in time"))??;
        Ok(open.insert(made).channel.clone())
    }

    async fn connect(&self) -> Result<Open, SinkError> {
        // An error means that one is chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let properties = ConnectionProperties::default().with_connection_name("wahook".into());
        let failed_to = |error: &lapin::Error| away(format!("cannot connect: {}", said(error)));
        let runtime = lapin::runtime::default_runtime().map_err(|error| failed_to(&error))?;
        let tls = OwnedTLSConfig {
            cert_chain: self.authorities().await?,
            ..OwnedTLSConfig::default()
        };
        let address = self.address.expose();
        let connection = Connection::connect_with_config(address, properties, tls, runtime)
            .await
            .map_err(|error| failed_to(&error))?;
        if let To::Queue { name, create: true } = &self.options.to {
            make_queue(&connection, name).await?;
        }
        let channel = connection
            .create_channel()
            .await
            .map_err(|error| failed(&error))?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default()).await;
        confirms.map_err(|error| failed(&error))?;
        Ok(Open {
            _connection: connection,
            channel,
        })
    }

    /// The certificates of those that are trusted beside the system's.
    async fn authorities(&self) -> Result<Option<String>, SinkError> {
        let Some(file) = &self.options.ca else {
            return Ok(None);
        };
        let read = tokio::fs::read_to_string(file).await;
        read.map(Some)
            .map_err(|error| away(format!("cannot read {}: {}", file.display(), error.kind())))
    }

    async fn publish(&self, event: &Event) -> Result<(), SinkError> {
        let message = self.options.form.message(event)?;
        let (exchange, routing_key) = match &self.options.to {
            To::Queue { name, .. } => (String::new(), name.clone()),
            To::Exchange { name, routing_key } => (name.clone(), routing_key.of(event)),
        };
        if routing_key.len() > SHORT {
            return Err(SinkError::new(
                SinkErrorKind::Refused,
                "the routing key has more than 255 bytes",
            ));
        }
        let channel = self.channel().await?;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let body = &message.body;
        let confirmed = async {
            let published = channel.basic_publish(
                exchange.into(),
                routing_key.into(),
                options,
                body,
                properties(&message),
            );
            published.await?.await
        };
        let confirmed = timeout(self.options.timeout, confirmed).await;
        let failure = match confirmed {
            Ok(Ok(confirmed)) if confirmed.is_ack() => match confirmed.take_message() {
                None => return Ok(()),
                Some(_) => {
                    return Err(away(
                        "no queue takes the message: bind one to the exchange, or make the queue",
                    ));
                }
            },
            Ok(Ok(_)) => return Err(away("the broker could not keep the message (nack)")),
            Ok(Err(error)) => failed(&error),
            Err(_) => away("the broker did not confirm in time"),
        };
        // What comes late on this connection comes before what is tried again on another one.
        let _ = self.open.lock().await.take();
        Err(failure)
    }
}

/// Makes the queue if it is not there. It is looked for first, as one that was made otherwise must not be declared again.
async fn make_queue(connection: &Connection, name: &str) -> Result<(), SinkError> {
    let declare = async |passive| {
        // A refusal closes the channel.
        let channel = connection.create_channel().await?;
        let options = QueueDeclareOptions {
            passive,
            durable: true,
            ..QueueDeclareOptions::default()
        };
        channel
            .queue_declare(name.into(), options, FieldTable::default())
            .await
    };
    match declare(true).await {
        Ok(_) => Ok(()),
        Err(error) if is_missing(&error) => declare(false).await.map(drop).map_err(|error| {
            away(format!(
                "the queue {name} can neither be found nor made: {}",
                said(&error)
            ))
        }),
        Err(error) => Err(away(format!(
            "the queue {name} cannot be looked for: {}",
            said(&error)
        ))),
    }
}

fn properties(message: &Message) -> BasicProperties {
    let text = |text: &str| AMQPValue::LongString(LongString::from(text));
    let mut headers = FieldTable::default();
    headers.insert("wahook-lane".into(), text(&message.lane));
    for (name, value) in &message.attributes {
        headers.insert(format!("cloudEvents:{name}").into(), text(value));
    }
    let mut properties = BasicProperties::default()
        .with_content_type(message.content_type.into())
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers);
    // A longer one stands in the event alone.
    if message.id.len() <= SHORT {
        properties = properties.with_message_id(ShortString::from(message.id.as_str()));
    }
    properties
}

impl Sink for RabbitMqSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            for (index, event) in events.iter().enumerate() {
                // The next one only behind it: of two on the way the second might be kept alone.
                if let Err(error) = self.publish(event).await {
                    return Delivered::up_to(index, error);
                }
            }
            Delivered::all(events)
        })
    }
}

/// Without the address, which holds a password.
impl fmt::Debug for RabbitMqSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitMqSink")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(said) if said.get_id() == NOT_FOUND)
}

const NOT_FOUND: u16 = 404;

fn failed(error: &lapin::Error) -> SinkError {
    away(said(error))
}

/// What happened, without the broker's own text, which names queues and users.
fn said(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::IOError(error) => match tls(error) {
            Some(text) => text.to_owned(),
            None => error.kind().to_string(),
        },
        ErrorKind::ProtocolError(error) => match error.get_id() {
            311 => "the message is larger than the broker takes".to_owned(),
            403 => "the broker refuses it (403): user, password and rights".to_owned(),
            NOT_FOUND => "there is no such exchange or queue (404)".to_owned(),
            code => format!("the broker refuses it ({code})"),
        },
        ErrorKind::MissingHeartbeatError => "the broker fell silent".to_owned(),
        _ => "the connection ended".to_owned(),
    }
}

/// What was wrong with TLS, if that was it.
fn tls(error: &io::Error) -> Option<&'static str> {
    let mut error: &(dyn std::error::Error + 'static) = error;
    loop {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(_)) => {
                return Some(
                    "the broker's certificate is not one to trust: the file `ca` names its authority, and the address the name \
                     that stands in it",
                );
            }
            Some(_) => return Some("there is no TLS with the broker"),
            None => {}
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error = match inner {
            Some(inner) => inner,
            None => error.source()?,
        };
    }
}

/// Whatever the event: all lanes had better wait.
fn away(text: impl Into<String>) -> SinkError {
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}
