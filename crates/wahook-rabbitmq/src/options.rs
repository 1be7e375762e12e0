//! Where and how events are published.

use std::{path::PathBuf, time::Duration};

use wahook_core::sink::{MessageForm, Topic};

/// Where and how events are published.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RabbitMqOptions {
    /// Where to; a queue `wahook` by default, which is made if it is not there.
    pub to: To,
    /// What a message looks like.
    pub form: MessageForm,
    /// How long the broker may take to confirm; 10 s by default.
    pub timeout: Duration,
    /// A file with the certificates (PEM) of authorities that are trusted beside the system's. Read at each connection.
    pub ca: Option<PathBuf>,
}

/// Where messages are published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum To {
    /// To one queue.
    Queue {
        /// Its name.
        name: String,
        /// Whether it is made if it is not there: durable, and else as the broker makes them. One that is there stays as it is.
        create: bool,
    },
    /// To an exchange, which is there and has queues bound to it.
    Exchange {
        /// Its name.
        name: String,
        /// The routing key of an event.
        routing_key: Topic,
    },
}

impl Default for RabbitMqOptions {
    fn default() -> Self {
        Self {
            to: To::Queue {
                name: "wahook".to_owned(),
                create: true,
            },
            form: MessageForm::default(),
            timeout: Duration::from_secs(10),
            ca: None,
        }
    }
}
