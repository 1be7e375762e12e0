//! What is in a queue.

use lapin::{
    Connection, ConnectionProperties, message::BasicGetMessage, options::BasicGetOptions, types::AMQPValue,
};

pub(crate) async fn connect(url: &str) -> Connection {
    let options = ConnectionProperties::default();
    Connection::connect(url, options).await.unwrap()
}

/// All of it, taken out; a queue that is not there is empty.
pub(crate) async fn stored(url: &str, queue: &str) -> Vec<BasicGetMessage> {
    let connection = connect(url).await;
    let channel = connection.create_channel().await.unwrap();
    let options = BasicGetOptions { no_ack: true };
    let mut all = Vec::new();
    while let Ok(Some(message)) = channel.basic_get(queue.into(), options).await {
        all.push(message);
    }
    all
}

pub(crate) fn headers(message: &BasicGetMessage) -> impl Iterator<Item = (&str, String)> {
    let headers = message.properties.headers().as_ref().unwrap().inner().iter();
    headers.map(|(name, value)| match value {
        AMQPValue::LongString(text) => (name.as_str(), text.to_string()),
        other => panic!("{name}: {other:?}"),
    })
}
