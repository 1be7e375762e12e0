//! As much of AMQP 0-9-1 as a question needs.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
};

use crate::wire::connect;

/// What a client says first.
const HEADER: &[u8] = b"AMQP\0\0\x09\x01";

const METHOD: u8 = 1;
const HEAD: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;

/// Class and method.
type Name = (u16, u16);

pub(crate) const CONNECTION_START: Name = (10, 10);

/// What a server answers to the header.
pub(crate) fn knock(stream: &mut TcpStream) -> io::Result<Name> {
    stream.write_all(HEADER)?;
    Ok(method(stream)?.0)
}

/// A channel on a connection of its own, on which what is published is confirmed.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn to(url: &str) -> io::Result<Self> {
        let (login, address) = url.strip_prefix("amqp://").unwrap().split_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let mut client = Self(connect(address)?);
        knock(&mut client.0)?;
        let plain = format!("\0{user}\0{password}");
        let mut start = 0_u32.to_be_bytes().to_vec();
        short(&mut start, "PLAIN");
        start.extend(u32::try_from(plain.len()).unwrap().to_be_bytes());
        start.extend(plain.as_bytes());
        short(&mut start, "en_US");
        let mut tune = client.call(0, (10, 11), &start, (10, 30))?;
        // No heartbeats.
        tune[6..].fill(0);
        client.send(METHOD, 0, &[&name((10, 31)), &tune[..]].concat())?;
        client.call(0, (10, 40), b"\x01/\0\0", (10, 41))?;
        client.call(1, (20, 10), b"\0", (20, 11))?;
        client.call(1, (85, 10), b"\0", (85, 11))?;
        Ok(client)
    }

    /// Declares a durable queue.
    pub(crate) fn declare(&mut self, queue: &str) -> io::Result<()> {
        let mut declare = vec![0, 0];
        short(&mut declare, queue);
        declare.extend([2, 0, 0, 0, 0]);
        self.call(1, (50, 10), &declare, (50, 11)).map(drop)
    }

    /// Publishes a persistent message, and returns when it is confirmed.
    pub(crate) fn publish(&mut self, queue: &str, message: &str) -> io::Result<()> {
        let mut publish = vec![0, 0];
        short(&mut publish, "");
        short(&mut publish, queue);
        publish.push(0);
        self.send(METHOD, 1, &[&name((60, 40)), &publish[..]].concat())?;
        let mut head = vec![0, 60, 0, 0];
        head.extend(u64::try_from(message.len()).unwrap().to_be_bytes());
        head.extend([0x10, 0, 2]);
        self.send(HEAD, 1, &head)?;
        self.send(BODY, 1, message.as_bytes())?;
        self.answer((60, 80)).map(drop)
    }

    /// Takes a message out of a queue; none when it is empty.
    pub(crate) fn get(&mut self, queue: &str) -> io::Result<Option<String>> {
        let mut get = vec![0, 0];
        short(&mut get, queue);
        get.push(1);
        self.send(METHOD, 1, &[&name((60, 70)), &get[..]].concat())?;
        if method(&mut self.0)?.0 != (60, 71) {
            return Ok(None);
        }
        frame(&mut self.0)?;
        let (_, body) = frame(&mut self.0)?;
        Ok(Some(String::from_utf8_lossy(&body).into_owned()))
    }

    fn call(&mut self, channel: u16, what: Name, with: &[u8], answer: Name) -> io::Result<Vec<u8>> {
        self.send(METHOD, channel, &[&name(what), with].concat())?;
        self.answer(answer)
    }

    fn answer(&mut self, wanted: Name) -> io::Result<Vec<u8>> {
        match method(&mut self.0)? {
            (name, arguments) if name == wanted => Ok(arguments),
            (name, arguments) => Err(io::Error::other(format!(
                "{name:?} {}",
                String::from_utf8_lossy(&arguments)
            ))),
        }
    }

    fn send(&mut self, kind: u8, channel: u16, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![kind];
        frame.extend(channel.to_be_bytes());
        frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend(payload);
        frame.push(END);
        self.0.write_all(&frame)
    }
}

fn method(stream: &mut TcpStream) -> io::Result<(Name, Vec<u8>)> {
    let (kind, mut payload) = frame(stream)?;
    if kind != METHOD || payload.len() < 4 {
        return Err(io::Error::other(format!("a frame of the sort {kind}")));
    }
    let arguments = payload.split_off(4);
    let number = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
    Ok(((number(0), number(2)), arguments))
}

fn frame(stream: &mut TcpStream) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 7];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    let mut payload = vec![0; usize::try_from(length).unwrap() + 1];
    stream.read_exact(&mut payload)?;
    match payload.pop() {
        Some(END) => Ok((head[0], payload)),
        _ => Err(io::Error::other("a frame without an end")),
    }
}

fn name((class, method): Name) -> [u8; 4] {
    let (class, method) = (class.to_be_bytes(), method.to_be_bytes());
    [class[0], class[1], method[0], method[1]]
}

fn short(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).unwrap());
    bytes.extend(text.as_bytes());
}
