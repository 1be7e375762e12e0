//! Servers start, crash, come back, hang and go, and leave nothing behind.

mod amqp;
mod brokers;
mod clock;
mod disk;
mod nats;
mod processes;
mod proxy;
mod servers;
mod wire;
