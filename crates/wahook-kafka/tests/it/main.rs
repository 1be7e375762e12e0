//! Against librdkafka's own mock cluster, which speaks the protocol over TCP, and is no Kafka; and against real brokers where
//! the environment names some (`real.rs`).

#![cfg(feature = "librdkafka")]

mod cluster;
mod consumer;
mod contract;
mod real;
mod sink;
