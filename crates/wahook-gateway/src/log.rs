//! The log of a gateway: on stderr, since stdout belongs to events. Beside it, spans may be sent to a collector.

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, filter_fn},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use crate::{
    Failure,
    config::{LogConfig, LogFormat},
    otlp::Traces,
    output,
};

/// A log that was started. Its filter can be exchanged.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// None where the command line said what to log, which stands over every configuration.
    exchange: Option<reload::Handle<EnvFilter, Registry>>,
    /// None where nothing is sent.
    traces: Option<Traces>,
}

impl Log {
    /// Starts the log of this process: as the command line says, else as it is configured. Traces are sent on the runtime
    /// that it is called in.
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
        let traces = Traces::start(config)?;
        // Each has a filter of its own: what is sent does not depend on what is logged.
        let filter = filter.and(filter_fn(is_discreet).with_max_level_hint(LevelFilter::TRACE));
        let mut layers = vec![lines.with_filter(filter).boxed()];
        layers.extend(traces.as_ref().map(Traces::layer));
        // An error means that a log is there already, as in tests.
        let _ = Registry::default().with(layers).try_init();
        Ok(Self {
            exchange: said.is_none().then_some(handle),
            traces,
        })
    }

    /// What is sent beside it, if anything is.
    pub(crate) fn traces(&self) -> Option<Traces> {
        self.traces.clone()
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
    EnvFilter::try_new(format!("{UNLESS_ASKED},{text}")).ok()
}

/// Clients of brokers shout of what is as it should be, such as a queue that has yet to be made; what is not, lines of ours
/// say. A directive of the same target takes the place of one of these.
const UNLESS_ASKED: &str = "lapin=off,async_nats=off";

/// Whether a line may be written, whatever was asked for: beyond `info` libraries write what they carry, such as bodies, keys,
/// headers and passwords (P), so that only those do whose lines were read. A filter of its own, since among directives the
/// longest target wins, and a span over all.
fn is_discreet(line: &Metadata<'_>) -> bool {
    let (library, rest) = line.target().split_once("::").unwrap_or((line.target(), ""));
    // It warns of each message that comes back, with all that is in it.
    if library == "lapin" && rest.starts_with("returned_messages") {
        return false;
    }
    // All crates of ours begin so, and no other is called so.
    let is_ours = library == "wahook" || library.starts_with("wahook_");
    *line.level() <= Level::INFO || is_ours || QUIET.contains(&library)
}

/// Libraries that say nothing of what they carry at any level.
const QUIET: [&str; 3] = ["mio", "tokio", "want"];

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        mem,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        /// Since it was asked last.
        pub(crate) fn take(&self) -> String {
            String::from_utf8(mem::take(&mut *self.0.lock().unwrap())).unwrap()
        }
    }

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Written {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn p_whatever_is_asked_for_libraries_do_not_write_what_they_carry() {
        for asked in [
            "trace",
            "tokio_postgres=trace",
            "tokio_postgres::query=debug",
            "info,h2::codec=trace",
            "info,[request]=trace",
            "info,wahook[request]=trace,h2[request]=trace",
            "trace,lapin=trace,async_nats=info",
            "lapin=trace",
            "lapin::returned_messages=trace,async_nats=trace",
        ] {
            let written = Written::default();
            let log = Registry::default()
                .with(filter(asked).unwrap())
                .with(filter_fn(is_discreet))
                .with(tracing_subscriber::fmt::layer().with_writer(written.clone()));
            tracing::subscriber::with_default(log, || {
                let span = tracing::info_span!(target: "wahook", "request");
                let _inside = span.enter();
                tracing::debug!(target: "tokio_postgres::query", "hunter2");
                tracing::trace!(target: "h2::codec::framed_read", "hunter2");
                tracing::debug!(target: "hyper", "hunter2");
                let _span = tracing::debug_span!(target: "h2::proto", "hunter2").entered();
                tracing::info!(target: "tokio_postgres::connection", "a notice");
                tracing::warn!(target: "lapin::returned_messages", "hunter2");
                tracing::error!(target: "lapin::returned_messages", "hunter2");
                tracing::error!(target: "async_nats", "shouts");
                tracing::debug!(target: "lapin::channels", "hunter2");
                tracing::trace!(target: "amq_protocol::frame", "hunter2");
                tracing::debug!(target: "async_nats::connector", "hunter2");
                tracing::trace!(target: "async_nats::connection", "hunter2");
                tracing::debug!(target: "rdkafka::client", "hunter2");
                tracing::debug!(target: "one::that::comes::next::year", "hunter2");
                tracing::debug!(target: "wahooked", "hunter2");
                tracing::warn!(target: "lapin::channel", "a refusal");
                tracing::trace!(target: "mio::poll", "of somebody quiet");
                tracing::trace!(target: "wahook", "ours");
            });
            let said = written.take();
            assert!(!said.contains("hunter2"), "{asked}: {said}");
            let ours = asked.starts_with("trace") || asked.contains("[request]");
            assert_eq!(said.contains("ours"), ours, "{asked}: {said}");
            // What is in a span that was asked for is all written.
            let is_all = asked.contains("[request]");
            for (library, line) in [("lapin=", "a refusal"), ("async_nats=", "shouts")] {
                let is_asked = is_all || asked.contains(library);
                assert_eq!(said.contains(line), is_asked, "{asked}: {said}");
            }
            assert!(
                asked != "trace"
                    || ["a notice", "of somebody quiet"]
                        .iter()
                        .all(|line| said.contains(line))
            );
        }
    }
}
