//! What a consumer gets.

use std::time::Duration;

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::Headers as _,
};
use wahook_testkit::sink::Received;

const PATIENCE: Duration = Duration::from_secs(20);

/// All that is in a topic, each partition in its order.
pub(crate) fn stored(brokers: &str, topic: &str) -> Vec<Received> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "contract")
        .set("enable.partition.eof", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let mut left = 0;
    let mut all = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        let id = partition.id();
        let (first, end) = consumer.fetch_watermarks(topic, id, PATIENCE).unwrap();
        left += end - first;
        all.add_partition_offset(topic, id, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let mut received = Vec::new();
    while left > 0 {
        let message = consumer.poll(PATIENCE).expect("what is there comes");
        // Of a broker that was away a moment ago it says so first.
        let Ok(message) = message else { continue };
        received.push(read(&message));
        left -= 1;
    }
    received
}

fn read(message: &rdkafka::message::BorrowedMessage<'_>) -> Received {
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let mut received = Received::new("", text(message.key()), "", message.payload().unwrap_or_default());
    for header in message.headers().unwrap().iter() {
        let value = text(header.value);
        match header.key {
            "wahook-id" => received.id = value,
            "content-type" => received.content_type = value,
            name => {
                let name = name.strip_prefix("ce_").expect("no other headers");
                received = received.attribute(name, value);
            }
        }
    }
    received
}
