//! A connection to NATS, as sink and inbox make it.

use std::{future::ready, path::Path, time::Duration};

use async_nats::{Client, ConnectError, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use wahook_core::{
    Secret,
    guard::{OpenError, OpenErrorKind},
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Once it is lost it is tried anew at least so often.
const AGAIN: Duration = Duration::from_millis(500);

pub(crate) fn wrong(text: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}

/// Where servers are: several with commas between.
pub(crate) fn servers(address: &str) -> Result<Vec<ServerAddr>, OpenError> {
    // Not the parser's error: it may say what it stumbled over.
    let servers = address.split(',').map(server).collect::<Option<Vec<_>>>();
    servers.ok_or_else(|| wrong("the address cannot be read: nats://host:4222 or tls://host:4222"))
}

fn server(text: &str) -> Option<ServerAddr> {
    let text = text.trim();
    let (scheme, _) = text.split_once("://")?;
    let server: ServerAddr = text.parse().ok()?;
    (matches!(scheme, "nats" | "tls") && !server.host().is_empty()).then_some(server)
}

/// Whether a stream may be called so.
pub(crate) fn names_a_stream(name: &str) -> Result<(), OpenError> {
    let is_plain = !name.is_empty() && !name.contains(['.', '*', '>', '/', '\\', ' ', '\t']);
    is_plain
        .then_some(())
        .ok_or_else(|| wrong("the name of a stream has no dot, `*`, `>`, slash or space"))
}

/// With what a connection is made: credentials, or what stands before the host, a user with a password or a token.
pub(crate) fn options(
    servers: &[ServerAddr],
    credentials: Option<&Secret>,
    ca: Option<&Path>,
) -> Result<ConnectOptions, OpenError> {
    // An error means that one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The client itself reads nothing but host and port of an address.
    let known = servers
        .iter()
        .find_map(|server| Some((server.username()?, server.password())));
    let options = match (credentials, known) {
        (Some(credentials), _) => ConnectOptions::with_credentials(credentials.expose())
            .map_err(|_| wrong("the credentials cannot be read: a file as `nsc` makes them"))?,
        (None, Some((user, Some(password)))) => {
            ConnectOptions::with_user_and_password(decoded(user), decoded(password))
        }
        (None, Some((token, None))) => ConnectOptions::with_token(decoded(token)),
        (None, None) => ConnectOptions::new(),
    };
    let options = options.name("wahook").connection_timeout(CONNECT);
    Ok(match ca {
        Some(ca) => options.add_root_certificates(ca.to_owned()),
        None => options,
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Connects, and tells how often it was connected.
pub(crate) async fn connect(
    servers: &[ServerAddr],
    options: ConnectOptions,
    timeout: Duration,
) -> Result<(Client, watch::Receiver<u64>), ConnectError> {
    let (connections, times) = watch::channel(0);
    let options = options
        .request_timeout(Some(timeout))
        // A server that is gone without a word is missed after two of them.
        .ping_interval(Duration::from_secs(5))
        .reconnect_delay_callback(|attempts| AGAIN.min(Duration::from_millis(10 << attempts.min(6))))
        .event_callback(move |event| {
            if matches!(event, Event::Connected) {
                connections.send_modify(|times| *times += 1);
            }
            ready(())
        });
    Ok((options.connect(servers).await?, times))
}
