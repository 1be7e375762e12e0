//! A span for each hand-over to a sink.

use std::sync::Arc;

use tracing::{Instrument, Span, field::Empty};
use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkErrorKind},
};

use super::HAND_OVER;

/// A sink that takes events in a span, under the name that it has in the configuration.
pub(crate) fn in_spans(name: &str, sink: Arc<dyn Sink>) -> Arc<dyn Sink> {
    let name = name.to_owned();
    Arc::new(InSpans { name, sink })
}

#[derive(Debug)]
struct InSpans {
    name: String,
    sink: Arc<dyn Sink>,
}

impl Sink for InSpans {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        let span = tracing::debug_span!(
            target: "wahook",
            HAND_OVER,
            sink = self.name,
            count = number(events.len()),
            done = Empty,
            outcome = Empty,
            otel.status_code = Empty,
        );
        if span.is_disabled() {
            return self.sink.deliver(events);
        }
        let delivery = span
            .in_scope(|| self.sink.deliver(events))
            .instrument(span.clone());
        Box::pin(async move {
            let delivered = delivery.await;
            record(&span, &delivered, events.len());
            delivered
        })
    }
}

/// The only kind of number that OTLP knows.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn record(span: &Span, delivered: &Delivered, count: usize) {
    span.record("done", number(delivered.done));
    let outcome = match &delivered.error {
        None if delivered.done >= count => "done",
        None => "in_part",
        Some(error) => {
            span.record("otel.status_code", "ERROR");
            match error.kind() {
                SinkErrorKind::Unavailable { .. } => "unavailable",
                SinkErrorKind::Failed => "failed",
                SinkErrorKind::NotYet { .. } => "not_yet",
                SinkErrorKind::Refused => "refused",
                _ => "other",
            }
        }
    };
    span.record("outcome", outcome);
}
