//! The three verbs as scripts: one round trip each, atomic on the server.

use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, aio::MultiplexedConnection};
use wahook_core::guard::{Digest, Token};

/// A script and its name on the server.
#[derive(Debug)]
pub(crate) struct Script {
    code: String,
    hash: String,
}

impl Script {
    fn new(head: &str, verb: &str) -> Self {
        let code = format!("{head}{}{verb}", include_str!("lua/record.lua"));
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }
}

/// The scripts of one server.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) claim: Script,
    pub(crate) complete: Script,
    pub(crate) release: Script,
}

impl Scripts {
    /// `has_flags`: the server knows flags of scripts (7.0 and later).
    pub(crate) fn new(has_flags: bool) -> Self {
        // Where memory is used up nothing new is begun, but what was begun can still be marked as done.
        let head = if has_flags { "#!lua flags=allow-oom\n" } else { "" };
        Self {
            claim: Script::new("", include_str!("lua/claim.lua")),
            complete: Script::new(head, include_str!("lua/complete.lua")),
            release: Script::new("", include_str!("lua/release.lua")),
        }
    }
}

/// One verb with what it is about.
pub(crate) struct Verb<'a> {
    pub(crate) script: &'a Script,
    /// The one key: a script that touches one key runs in a cluster, too, wherever the key lives.
    pub(crate) key: String,
    pub(crate) digest: Digest,
    pub(crate) token: Token,
    /// The lease, or the time to live.
    pub(crate) span: Duration,
    /// Whether it may be said again when its answer was lost, without a wrong answer.
    pub(crate) repeatable: bool,
}

impl Verb<'_> {
    /// Runs the script on the server.
    ///
    /// A server that does not know it (restarted, failed over, `SCRIPT FLUSH`) has done nothing yet and gets its text.
    /// The text is run, not only loaded, so that it cannot be forgotten in between.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        match self
            .command("EVALSHA", &self.script.hash)
            .query_async(connection)
            .await
        {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.command("EVAL", &self.script.code)
                    .query_async(connection)
                    .await
            }
            answer => answer,
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command
            .arg(script)
            .arg(1)
            .arg(&self.key)
            .arg(self.digest.as_bytes().as_slice())
            .arg(self.token.as_bytes().as_slice())
            .arg(millis(self.span));
        command
    }
}

/// Whole milliseconds, rounded up: nothing ends before its time.
fn millis(span: Duration) -> u64 {
    let millis = span.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).map_or(MAX_SPAN, |millis| millis.min(MAX_SPAN))
}

/// Longer than anything lives; added to the time it is still exact in Lua, whose numbers have 53 bits.
const MAX_SPAN: u64 = 1 << 52;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g4_no_lease_is_shorter_than_asked_for() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_millis(50)), 50);
        assert_eq!(millis(Duration::from_micros(50_001)), 51);
        assert_eq!(millis(Duration::MAX), MAX_SPAN);
    }
}
