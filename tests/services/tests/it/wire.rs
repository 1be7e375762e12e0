//! As much of both protocols as a question needs.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// Sends a line to Redis; the first bytes of its answer.
pub(crate) fn redis(stream: &mut TcpStream, line: &str) -> io::Result<String> {
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    let mut bytes = [0; 512];
    match stream.read(&mut bytes)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(String::from_utf8_lossy(&bytes[..count]).into_owned()),
    }
}

pub(crate) fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(stream)
}

pub(crate) fn ask_redis(address: &str, line: &str) -> io::Result<String> {
    redis(&mut connect(address)?, line)
}

/// What PostgreSQL says to a client that wants in: `R` and 10 is SCRAM, `E` an error.
pub(crate) fn knock_at_postgres(address: &str) -> io::Result<Vec<u8>> {
    let mut stream = connect(address)?;
    let words = b"user\0wahook\0database\0wahook\0\0";
    let length = u32::try_from(words.len()).unwrap() + 8;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(&196_608_u32.to_be_bytes())?;
    stream.write_all(words)?;
    let mut answer = [0; 9];
    stream.read_exact(&mut answer)?;
    Ok(answer.to_vec())
}
