//! A receiver of deliveries: takes requests on a port, and answers what it is told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use http::{Request, request::Parts};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// One request that came.
pub(crate) type Received = (Parts, Vec<u8>);

pub(crate) struct Receiver {
    pub(crate) url: String,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/shop", listener.local_addr().unwrap());
        let (status, received) = (Arc::new(AtomicU16::new(200)), Arc::default());
        let task = tokio::spawn(run(listener, Arc::clone(&status), Arc::clone(&received)));
        Self {
            url,
            status,
            received,
            task,
        }
    }

    /// Answers this from now on.
    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(listener: TcpListener, status: Arc<AtomicU16>, received: Arc<Mutex<Vec<Received>>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // One after another: a delivery has a connection of its own.
        if let Some(request) = take(stream, status.load(Ordering::Relaxed)).await {
            received.lock().unwrap().push(request);
        }
    }
}

async fn take(mut stream: TcpStream, status: u16) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0_u8; 4096];
        let read = stream.read(&mut more).await.ok()?;
        bytes.extend_from_slice(&more[..read]);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head {
            let text = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = text.lines();
            let path = lines.next()?.split(' ').nth(1)?.to_owned();
            let mut request = Request::post(path);
            for line in lines {
                let (name, value) = line.split_once(": ")?;
                request = request.header(name, value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let length: usize = parts.headers["content-length"].to_str().unwrap().parse().unwrap();
            if bytes.len() >= end + 4 + length {
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                // Noted before it is answered: whoever has the answer finds it here.
                stream.write_all(answer.as_bytes()).await.ok()?;
                return Some((parts, bytes[end + 4..].to_vec()));
            }
        }
        if read == 0 {
            return None;
        }
    }
}
