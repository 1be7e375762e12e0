//! What the client and the broker say, in words of ours.

use std::io;

use lapin::ErrorKind;
use wahook_core::sink::{SinkError, SinkErrorKind};

pub(crate) fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(said) if said.get_id() == NOT_FOUND)
}

const NOT_FOUND: u16 = 404;
/// Of a publish it is said where the message is too large, and of nothing else that we ask for.
const PRECONDITION: u16 = 406;

pub(crate) fn failed(error: &lapin::Error) -> SinkError {
    away(said(error))
}

/// Why a message was not taken, on a channel that had no other.
pub(crate) fn of_publish(error: &lapin::Error) -> SinkError {
    match error.kind() {
        ErrorKind::ProtocolError(said) if said.get_id() == PRECONDITION => SinkError::new(
            SinkErrorKind::Refused,
            "the event is larger than the broker takes (max_message_size, 406): raise that, or leave the provider's JSON out with \
             raw = false",
        ),
        _ => failed(error),
    }
}

/// What happened, without the broker's own text, which names queues and users.
pub(crate) fn said(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::IOError(error) => match tls(error) {
            Some(text) => text.to_owned(),
            None => error.kind().to_string(),
        },
        ErrorKind::ProtocolError(error) => match error.get_id() {
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
pub(crate) fn away(text: impl Into<String>) -> SinkError {
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}
