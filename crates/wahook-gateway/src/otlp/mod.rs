//! Spans over OTLP: what [`spans`] tells, sent to a collector.
//!
//! Nothing waits for the collector: spans wait in a queue of their own, and what does not fit is dropped. Only spans of
//! ours are sent, so sending makes nothing to send.

mod endpoint;
mod exporter;
mod failures;

use std::{env, thread, time::Duration};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::{sync::oneshot, time::timeout};
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, filter_fn},
};

pub(crate) use self::endpoint::check;
use self::exporter::Exporter;
use crate::{Failure, config::LogConfig, spans};

/// At the end, sending what is left may take so long.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Spans on their way to a collector. Its clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends to where the configuration says, or the environment; nothing if neither does. Runs on the runtime that it is
    /// called in.
    pub(crate) fn start(config: &LogConfig) -> Result<Option<Self>, Failure> {
        let variable = |name: &str| env::var(name).ok();
        let Some(endpoint) = endpoint::find(config, variable).map_err(Failure::wrong_use)? else {
            return Ok(None);
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Exporter::to(&endpoint)?)
            .with_resource(resource())
            .build();
        Ok(Some(Self(provider)))
    }

    /// Takes spans of ours, whatever the log shows.
    pub(crate) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        // What is not asked for here would go into every span: places in the source, threads, times at rest.
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("wahook"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(spans::is_ours).with_max_level_hint(LevelFilter::DEBUG))
            .boxed()
    }

    /// Sends what is left, and gives up where that takes long.
    pub(crate) async fn end(&self) {
        let provider = self.0.clone();
        let (tell, ended) = oneshot::channel();
        // Not a task that blocks: the runtime would wait for it.
        let thread = thread::Builder::new().name("last-spans".to_owned());
        let thread = thread.spawn(move || {
            // What fails is told by the exporter.
            let _ = provider.shutdown_with_timeout(LAST_WORDS);
            let _ = tell.send(());
        });
        if thread.is_ok() {
            let _ = timeout(LAST_WORDS, ended).await;
        }
    }
}

fn resource() -> Resource {
    Resource::builder()
        .with_service_name("wahook")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}
