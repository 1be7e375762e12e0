//! Where and how events are published.

use std::{path::PathBuf, time::Duration};

use wahook_core::{
    Secret,
    sink::{MessageForm, Topic},
};

/// Where and how events are published.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NatsOptions {
    /// The subject of an event; `wahook.{endpoint}.{kind}` by default. A kind has a dot in it, so that
    /// `wahook.shop.message.>` is all messages.
    pub subject: Topic,
    /// The stream that has to take it; whichever does if there is none. `WAHOOK` by default.
    pub stream: Option<String>,
    /// Whether that stream is made if it is not there, in files, for all subjects that begin as ours; it is by default. One that
    /// is there stays as it is.
    pub create: bool,
    /// What a message looks like.
    pub form: MessageForm,
    /// How long the server may take to acknowledge; 5 s by default.
    pub timeout: Duration,
    /// What a credentials file (`….creds`) holds: a token of the user, and the seed that proves it.
    pub credentials: Option<Secret>,
    /// A file with the certificates (PEM) of the authorities that are trusted, instead of the system's. Read at each connection.
    pub ca: Option<PathBuf>,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            subject: Topic::default(),
            stream: Some("WAHOOK".to_owned()),
            create: true,
            form: MessageForm::default(),
            timeout: Duration::from_secs(5),
            credentials: None,
            ca: None,
        }
    }
}
