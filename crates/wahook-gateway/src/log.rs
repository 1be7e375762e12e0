//! The log of a gateway: on stderr, since stdout belongs to events.

use std::io;

use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::{
    Failure,
    config::{LogConfig, LogFormat},
    output,
};

/// A log that was started. Its filter can be exchanged.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// None where the command line said what to log, which stands over every configuration.
    exchange: Option<reload::Handle<EnvFilter, Registry>>,
}

impl Log {
    /// Starts the log of this process: as the command line says, else as it is configured.
    pub(crate) fn start(said: Option<&str>, config: &LogConfig, json: bool) -> Result<Self, Failure> {
        let said = said.filter(|filter| !filter.is_empty());
        let filter = filter(said.unwrap_or(&config.filter)).ok_or_else(|| {
            Failure::wrong_use("--log makes no sense; write it as `info`, `debug` or `wahook=debug`")
        })?;
        let (filter, handle) = reload::Layer::new(filter);
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            // Telling stderr that stderr is gone would panic, on the way of a delivery.
            .log_internal_errors(false)
            .with_ansi(output::stderr_is_terminal());
        let lines = if json || config.format == LogFormat::Json {
            lines.json().boxed()
        } else {
            lines.boxed()
        };
        // An error means that a log is there already, as in tests.
        let _ = Registry::default().with(filter).with(lines).try_init();
        Ok(Self {
            exchange: said.is_none().then_some(handle),
        })
    }

    /// Logs as it is configured from now on, unless the command line said what to log.
    pub(crate) fn follow(&self, config: &LogConfig) {
        if let (Some(handle), Some(filter)) = (&self.exchange, filter(&config.filter)) {
            // An error means that this log is no more.
            let _ = handle.reload(filter);
        }
    }
}

/// What is logged, if that makes sense.
pub(crate) fn filter(text: &str) -> Option<EnvFilter> {
    let mut filter = EnvFilter::try_new(text).ok()?;
    // At `debug` these write what they carry: bodies, keys, headers (P).
    for library in ["tokio_postgres", "hyper", "hyper_util", "h2", "reqwest", "rustls"] {
        if let Ok(quiet) = format!("{library}=info").parse() {
            filter = filter.add_directive(quiet);
        }
    }
    Some(filter)
}
