//! What is in a stream.

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
};
use futures_util::StreamExt as _;

/// All of it: subject, headers, content.
pub(crate) async fn stored(url: &str, stream: &str) -> Vec<async_nats::Message> {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    let stream = context.get_stream(stream).await.unwrap();
    let config = pull::Config {
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let count = stream.cached_info().state.messages;
    let messages = consumer
        .fetch()
        .max_messages(usize::try_from(count).unwrap())
        .messages()
        .await
        .unwrap();
    messages.map(|message| message.unwrap().message).collect().await
}

pub(crate) fn header<'a>(message: &'a async_nats::Message, name: &str) -> &'a str {
    message.headers.as_ref().unwrap().get(name).unwrap().as_str()
}
