//! Publishing, and waiting for the delivery report.

use std::{fmt, sync::PoisonError, sync::RwLock};

use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::FutureRecord,
};
use wahook_core::{
    BoxFuture,
    guard::{OpenError, OpenErrorKind},
    model::Event,
    sink::{Delivered, Message, Sink, SinkError},
};

use crate::{
    KafkaOptions,
    address::Address,
    failed::{away, failed, needs_another},
    producer::{Heard, Producer, cannot_go_on, is_same, make},
};

/// Publishes events to Kafka; an event is done when all replicas in sync have it.
pub struct KafkaSink {
    address: Address,
    options: KafkaOptions,
    heard: Heard,
    producer: RwLock<Option<Producer>>,
}

/// The longest name of a topic.
const LONGEST: usize = 249;

impl KafkaSink {
    /// Publishes there: `kafka://host:9092`, or `kafkas://…` over TLS, several hosts with commas between; user and password
    /// stand before the first. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`] for an address or a topic that cannot be used.
    pub fn new(address: &str, options: KafkaOptions) -> Result<Self, OpenError> {
        let wrong = |text: &str| OpenError::new(OpenErrorKind::Address, text);
        let address = Address::parse(address)?;
        let topic = options.topic.to_string();
        let is_place = |c: char| "{}".contains(c);
        if !topic.chars().all(|c| is_legal(c) || is_place(c)) || matches!(&*topic, "." | "..") {
            return Err(wrong(
                "a topic has letters, digits, `.`, `_` and `-` in its name, and is not `.` or `..`",
            ));
        }
        Ok(Self {
            address,
            options,
            heard: Heard::default(),
            producer: RwLock::new(None),
        })
    }

    /// The producer, which is made if there is none that can go on.
    fn producer(&self) -> Result<Producer, SinkError> {
        let known = self.producer.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = known.as_ref().filter(|producer| !cannot_go_on(producer)) {
            return Ok(producer.clone());
        }
        drop(known);
        let mut place = self.producer.write().unwrap_or_else(PoisonError::into_inner);
        // Another lane may have been here first.
        if let Some(producer) = place.as_ref().filter(|producer| !cannot_go_on(producer)) {
            return Ok(producer.clone());
        }
        if let Some(old) = place.take() {
            put_away(old);
        }
        let made = make(&self.address, &self.options, &self.heard);
        let made = made.map_err(|_| away("the client cannot be set up: is the file `ca` there?"))?;
        Ok(place.insert(made).clone())
    }

    /// Has the next hand-over make another producer. Lanes that wait for this one have it until they are answered.
    fn let_go(&self, producer: &Producer) {
        let mut place = self.producer.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = place.take_if(|now| is_same(now, producer)) {
            put_away(old);
        }
    }

    async fn publish(&self, event: &Event) -> Result<(), SinkError> {
        let message = self.options.form.message(event)?;
        let topic = legal(&self.options.topic.of(event));
        let producer = self.producer()?;
        let record = FutureRecord::to(&topic)
            .key(&message.lane)
            .payload(&message.body)
            .headers(headers(&message));
        let report = match producer.send_result(record) {
            Ok(report) => report.await,
            Err((error, _)) => return Err(failed(&error, self.heard.cause())),
        };
        match report {
            Ok(Ok(_)) => {
                self.heard.all_is_well();
                Ok(())
            }
            Ok(Err((error, _))) => {
                if needs_another(&error) {
                    self.let_go(&producer);
                }
                Err(failed(&error, self.heard.cause()))
            }
            Err(_) => Err(away("the client ended before the brokers confirmed")),
        }
    }
}

fn headers(message: &Message) -> OwnedHeaders {
    let with = |headers: OwnedHeaders, key: &str, value: &str| {
        headers.insert(Header {
            key,
            value: Some(value),
        })
    };
    let headers = with(OwnedHeaders::new(), "content-type", message.content_type);
    let headers = with(headers, "wahook-id", &message.id);
    let attributes = message.attributes.iter();
    // UTF-8, without an encoding of its own (Kafka binding for CloudEvents 1.0.2, 3.2.3, read 2026-11).
    attributes.fold(headers, |headers, (name, value)| {
        with(headers, &format!("ce_{name}"), value)
    })
}

/// The name of a topic: what stands for a byte that is in none does so in letters that are.
fn legal(topic: &str) -> String {
    let mut topic = topic.replace('=', "_");
    // It is ASCII: what is not, was written so.
    topic.truncate(LONGEST);
    topic
}

const fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Lets go of a producer, which waits for its thread, where nobody waits for us.
fn put_away(producer: Producer) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn_blocking(move || drop(producer));
    }
}

impl Sink for KafkaSink {
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

impl Drop for KafkaSink {
    fn drop(&mut self) {
        if let Ok(place) = self.producer.get_mut()
            && let Some(producer) = place.take()
        {
            put_away(producer);
        }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSink")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
