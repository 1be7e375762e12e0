//! Against librdkafka's own mock cluster, which speaks the protocol over TCP, and is no Kafka; and against real brokers where
//! the environment names one: `WAHOOK_TEST_KAFKA=host:9092`, whose topics are made by whoever writes to them.

#![cfg(feature = "librdkafka")]

mod cluster;
mod consumer;
mod contract;
mod real;
mod sink;
