//! As much of NATS as a question needs.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::wire::connect;

/// Where answers come.
const INBOX: &str = "_INBOX.test";

/// A connection to NATS.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    /// What the server said of itself first.
    pub(crate) info: String,
}

impl Client {
    pub(crate) fn to(address: &str) -> io::Result<Self> {
        let mut stream = BufReader::new(connect(address)?);
        let mut info = String::new();
        stream.read_line(&mut info)?;
        let mut client = Self { stream, info };
        client.say(&format!("CONNECT {{\"verbose\":false}}\r\nSUB {INBOX} 1\r\n"))?;
        Ok(client)
    }

    /// Its answer to a `PING`.
    pub(crate) fn ping(&mut self) -> io::Result<String> {
        self.say("PING\r\n")?;
        self.line()
    }

    /// Publishes a message; what is answered to it.
    pub(crate) fn ask(&mut self, subject: &str, message: &str) -> io::Result<String> {
        self.say(&format!(
            "PUB {subject} {INBOX} {}\r\n{message}\r\n",
            message.len()
        ))?;
        loop {
            let line = self.line()?;
            if line == "PING" {
                self.say("PONG\r\n")?;
                continue;
            }
            let length = line.strip_prefix("MSG ").and_then(|line| line.rsplit(' ').next());
            let length: usize = length
                .and_then(|length| length.parse().ok())
                .ok_or_else(|| io::Error::other(line.clone()))?;
            let mut answer = vec![0; length + 2];
            self.stream.read_exact(&mut answer)?;
            answer.truncate(length);
            return Ok(String::from_utf8_lossy(&answer).into_owned());
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(text.as_bytes())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}
