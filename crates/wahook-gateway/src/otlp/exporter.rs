//! A batch of spans as a request.

use std::{sync::Arc, time::Duration};

use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use tokio::{runtime::Handle, time::timeout};

use super::failures::Failures;
use crate::{Failure, failure::chain, web};

/// A batch, with all that is tried for it, may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends batches, one after the other, and tells what failed.
#[derive(Debug)]
pub(super) struct Exporter {
    inner: Arc<opentelemetry_otlp::SpanExporter>,
    runtime: Handle,
    failures: Failures,
}

impl Exporter {
    /// Sends to this URL, on the runtime that it is called in. Nothing is sent yet.
    pub(super) fn to(endpoint: &str) -> Result<Self, Failure> {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client(endpoint)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::wrong_use(format!("cannot send traces: {}", chain(&error))))?;
        Ok(Self {
            inner: Arc::new(exporter),
            runtime: Handle::current(),
            failures: Failures::default(),
        })
    }
}

impl SpanExporter for Exporter {
    /// Is called on a thread of the SDK, and sends on the runtime, which the client needs.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let inner = Arc::clone(&self.inner);
        let sending = async move { timeout(PATIENCE, inner.export(batch)).await };
        let sent = match self.runtime.spawn(sending).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_elapsed)) => Err(OTelSdkError::Timeout(PATIENCE)),
            // The runtime ended, and the gateway with it.
            Err(_) => return Err(OTelSdkError::AlreadyShutdown),
        };
        if let Err(error) = &sent {
            self.failures.tell(error, count);
        }
        sent
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Nobody else has it between two batches.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.set_resource(resource);
        }
    }
}

fn client(endpoint: &str) -> Result<reqwest::Client, Failure> {
    let scheme = if endpoint.starts_with("http:") {
        "http"
    } else {
        "https"
    };
    let options = |builder: reqwest::ClientBuilder| {
        builder
            .user_agent(concat!("wahook/", env!("CARGO_PKG_VERSION")))
            // Headers for the collector are for nobody else.
            .no_proxy()
    };
    web::client(scheme, options).map_err(|error| web::no_tls(&error))
}
