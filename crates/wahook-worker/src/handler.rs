//! A function as a sink.

use std::{any::Any, fmt, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

/// An `async fn(Event)` as a sink: one event after the other within a lane, lanes at the same time.
///
/// What it returns as an error is kept with the event and shown to operators by its `Display`: it must not hold
/// contents, phone numbers or credentials. Any error is [`SinkErrorKind::Failed`]; to say more, return a
/// [`SinkError`], which is taken as it is. A panic is a failure of that event as well.
///
/// ```
/// use wahook_core::{model::Event, sink::{SinkError, SinkErrorKind}};
///
/// let sink = wahook_worker::handler(|event: Event| async move {
///     match event.kind().as_str() {
///         "presence" => Err(SinkError::new(SinkErrorKind::Refused, "no use for it")),
///         _ => Ok(()),
///     }
/// });
/// # let _ = sink;
/// ```
pub fn handler<F, Fut, E>(function: F) -> Arc<dyn Sink>
where
    F: Fn(Event) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: fmt::Display + Send + 'static,
{
    Arc::new(Handler(function))
}

struct Handler<F>(F);

impl<F> fmt::Debug for Handler<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

impl<F, Fut, E> Sink for Handler<F>
where
    F: Fn(Event) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: fmt::Display + Send + 'static,
{
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            for (done, event) in events.iter().enumerate() {
                // The call itself may panic before there is a future.
                let call = AssertUnwindSafe(async { (self.0)(event.clone()).await });
                let error = match call.catch_unwind().await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => said(&error),
                    Err(_) => SinkError::new(SinkErrorKind::Failed, "the handler panicked"),
                };
                return Delivered::up_to(done, error);
            }
            Delivered::all(events)
        })
    }
}

fn said<E: fmt::Display + Send + 'static>(error: &E) -> SinkError {
    (error as &dyn Any)
        .downcast_ref::<SinkError>()
        .cloned()
        .unwrap_or_else(|| SinkError::new(SinkErrorKind::Failed, error.to_string()))
}
