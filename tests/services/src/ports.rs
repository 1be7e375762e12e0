//! Ports that stay ours while a server is down.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Below what systems take for the near ends of connections (Linux from 32768, macOS from 49152): a port from there
/// could be gone before a server that was killed comes back, or a client could reach itself.
const FIRST: u16 = 12_000;
const COUNT: u64 = 20_000;

/// A port of 127.0.0.1 on which nobody listens now.
///
/// # Errors
///
/// When none is found.
pub fn free_port() -> io::Result<u16> {
    Ok(listen()?.local_addr()?.port())
}

/// A listener on such a port.
pub(crate) fn listen() -> io::Result<TcpListener> {
    let mut last = io::Error::other("no free port");
    for _ in 0..100 {
        // A fresh `RandomState` is the standard library's only source of chance.
        let number = RandomState::new().build_hasher().finish() % COUNT;
        let port = FIRST + u16::try_from(number).unwrap_or_default();
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}
