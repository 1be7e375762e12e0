//! Where and how events are published.

use std::{path::PathBuf, time::Duration};

use wahook_core::sink::{MessageForm, Topic};

/// Where and how events are published.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KafkaOptions {
    /// The topic of an event; `wahook` by default. What no name of a topic has in it is written as `_` and two hex digits.
    pub topic: Topic,
    /// What a message looks like.
    pub form: MessageForm,
    /// How long the brokers may take to confirm, with all that is tried again meanwhile; 10 s by default.
    pub timeout: Duration,
    /// How user and password are shown, where the address has them.
    pub mechanism: Mechanism,
    /// A file with the certificates (PEM) of the authorities that are trusted, instead of the system's.
    pub ca: Option<PathBuf>,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            topic: Topic::fixed("wahook"),
            form: MessageForm::default(),
            timeout: Duration::from_secs(10),
            mechanism: Mechanism::default(),
            ca: None,
        }
    }
}

/// How user and password are shown (SASL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// As they are: over TLS alone nobody reads them on the way.
    #[default]
    Plain,
    /// SCRAM-SHA-256: a proof that the password is known.
    ScramSha256,
    /// SCRAM-SHA-512: the same with a longer hash.
    ScramSha512,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// Its name, as Kafka writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}
