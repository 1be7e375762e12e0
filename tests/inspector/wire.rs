//! WebDriver, as far as these tests speak it: JSON over plain HTTP, one question at a time.
//!
//! By hand: the clients that there are bring a licence that deny.toml does not allow.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::timeout,
};

/// A browser on a busy machine needs seconds to come up.
const ANSWER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Wire {
    runtime: Runtime,
    port: u16,
}

impl Wire {
    /// To the driver that listens on this port.
    pub(crate) fn to(port: u16) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, port }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::GET, path, None)
    }

    pub(crate) fn post(&self, path: &str, what: &Value) -> Result<Value, String> {
        self.ask(Method::POST, path, Some(what))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::DELETE, path, None)
    }

    /// The `value` of the answer, or its error in words.
    fn ask(&self, method: Method, path: &str, what: Option<&Value>) -> Result<Value, String> {
        let body = what.map_or_else(Bytes::new, |what| Bytes::from(what.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{}", self.port))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .unwrap();
        let answer = self
            .runtime
            .block_on(async { timeout(ANSWER, self.exchange(request)).await });
        let bytes = answer
            .map_err(|_| "the driver does not answer".to_owned())?
            .map_err(|error| format!("the driver does not answer: {error}"))?;
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        match &value["error"] {
            Value::String(kind) => Err(format!(
                "{kind}: {}",
                value["message"].as_str().unwrap_or_default()
            )),
            _ => Ok(value),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Box<dyn std::error::Error>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let (mut connection, io) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(io);
        let answer = connection.send_request(request).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}

/// What WebDriver calls an element.
pub(crate) fn element(value: &Value) -> Option<&str> {
    value["element-6066-11e4-a52e-4f735466cecf"].as_str()
}
