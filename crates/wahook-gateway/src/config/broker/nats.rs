//! NATS JetStream.

use std::path::Path;

use wahook_nats::{NatsOptions, NatsSink};

use super::{address, broker, ca, form, read, timeout, topic};
use crate::config::{SinkConfig, SinkTo, build::Wrong};

pub(super) fn build(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "nats://localhost:4222")?;
    let mut options = NatsOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    options.ca = ca(sink, folder, mark)?;
    if let Some(subject) = &sink.subject {
        options.subject = topic("subject", subject)?;
    }
    if let Some(stream) = &sink.stream {
        options.stream = Some(stream.clone());
    }
    options.create = sink.create.unwrap_or(options.create);
    if sink.stream.is_none() && !options.create {
        // Whichever takes the subject.
        options.stream = None;
    }
    if let Some(file) = &sink.credentials_file {
        let credentials = read("credentials_file", file, folder)?;
        mark.extend_from_slice(credentials.expose().as_bytes());
        options.credentials = Some(credentials);
    }
    let timeout = options.timeout;
    let made = NatsSink::new(address.expose(), options);
    broker(&address, timeout, &["tls"], made)
}
