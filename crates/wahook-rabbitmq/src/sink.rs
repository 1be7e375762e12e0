//! Publishing, and waiting for the confirm.

use std::{fmt, sync::Arc, time::Duration};

use lapin::{
    BasicProperties, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, QueueDeclareOptions},
    tcp::OwnedTLSConfig,
    types::{AMQPValue, FieldTable, LongString, ShortString},
    uri::AMQPUri,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use wahook_core::{
    BoxFuture, Secret,
    guard::{OpenError, OpenErrorKind},
    model::Event,
    sink::{Delivered, Message, Sink, SinkError, SinkErrorKind},
};

use crate::{
    RabbitMqOptions, To,
    failed::{away, failed, is_missing, of_publish, said},
    pool::Pool,
};

/// Publishes events to RabbitMQ; an event is done when the broker has confirmed it.
pub struct RabbitMqSink {
    address: Secret,
    options: RabbitMqOptions,
    open: Mutex<Open>,
}

/// The connection that all lanes share.
#[derive(Default)]
struct Open {
    pool: Option<Arc<Pool>>,
    /// When the last attempt to make one failed, and why: those who waited for it have their answer.
    failed: Option<(Instant, SinkError)>,
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
            open: Mutex::default(),
        })
    }

    /// The connection, which is made if there is none that can be used; one lane does that for all that wait.
    async fn pool(&self) -> Result<Arc<Pool>, SinkError> {
        let asked = Instant::now();
        let mut open = self.open.lock().await;
        if let Some(pool) = open.pool.as_ref().filter(|pool| pool.is_usable()) {
            return Ok(Arc::clone(pool));
        }
        if let Some((_, error)) = open.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(error.clone());
        }
        // It ends with the last message that is on its way there.
        open.pool = None;
        let made = timeout(CONNECT, self.connect()).await;
        match made.unwrap_or_else(|_| Err(away("the broker did not answer in time"))) {
            Ok(pool) => Ok(Arc::clone(open.pool.insert(Arc::new(pool)))),
            Err(error) => {
                open.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<Pool, SinkError> {
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
        Ok(Pool::new(connection))
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
        let pool = self.pool().await?;
        let sent = self.send(&pool, exchange, routing_key, &message);
        match timeout(self.options.timeout, sent).await {
            Ok(Ok(confirmed)) if confirmed.is_ack() => match confirmed.take_message() {
                None => Ok(()),
                Some(_) => {
                    // Our own queue is gone: with another connection it is made again.
                    if let To::Queue { create: true, .. } = &self.options.to {
                        pool.spoil();
                    }
                    Err(away(
                        "no queue takes the message: bind one to the exchange, or make the queue",
                    ))
                }
            },
            Ok(Ok(_)) => Err(away("the broker could not keep the message (nack)")),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                // What comes late on this connection comes before what is tried again on another one.
                pool.spoil();
                Err(away("the broker did not confirm in time"))
            }
        }
    }

    /// Publishes on a channel that nobody else has until the broker has answered.
    async fn send(
        &self,
        pool: &Pool,
        exchange: String,
        routing_key: String,
        message: &Message,
    ) -> Result<Confirmation, SinkError> {
        let lent = pool.borrow().await.map_err(|error| failed(&error))?;
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let published = lent.channel().basic_publish(
            exchange.into(),
            routing_key.into(),
            options,
            &message.body,
            properties(message),
        );
        let confirmed = async { published.await?.await };
        let confirmed = confirmed.await.map_err(|error| of_publish(&error))?;
        lent.give_back();
        Ok(confirmed)
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
