//! Redis Streams.

use std::path::Path;

use wahook_redis::{RedisStreamOptions, RedisStreamSink};

use super::{address, broker, form, timeout, topic};
use crate::config::{SinkConfig, SinkTo, build::Wrong};

pub(super) fn build(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "redis://localhost/0")?;
    let mut options = RedisStreamOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    if let Some(stream) = &sink.stream {
        options.stream = topic("stream", stream)?;
    }
    options.max_len = sink.max_len.unwrap_or(options.max_len);
    let timeout = options.timeout;
    let made = RedisStreamSink::new(address.expose(), options);
    broker(
        &address,
        timeout,
        &["rediss", "valkeys", "redis+unix", "valkey+unix", "unix"],
        made,
    )
}
