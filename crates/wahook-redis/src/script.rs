//! The three verbs as scripts, atomic on the server; and a claim as the one command that nearly all need, which takes the
//! server a third of a script's time.

use std::time::Duration;

use redis::{
    Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, Value, aio::MultiplexedConnection,
};
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
    /// Whether it is a claim, to a server that can say at once that nobody has the key, or that its work is done.
    pub(crate) at_once: bool,
}

impl Verb<'_> {
    /// What the script answers; the server runs it only where one command does not tell.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        // No key lives for no time.
        if self.at_once
            && !self.span.is_zero()
            && let Some(answer) = self.set(connection).await?
        {
            let answer = answer.map(Value::Int).to_vec();
            return Ok(T::from_redis_value(Value::Array(answer))?);
        }
        self.run_script(connection).await
    }

    /// Writes the record of a claim unless there is a value, and says what the script would say. None is for the script:
    /// somebody holds it, other bodies came, it is no record, or there is no memory for what may not need any.
    async fn set(&self, connection: &mut MultiplexedConnection) -> RedisResult<Option<[i64; 3]>> {
        let mut command = redis::cmd("SET");
        command
            .arg(&self.key)
            .arg(self.record().as_slice())
            .arg("NX")
            .arg("GET")
            .arg("PX")
            .arg(millis(self.span));
        let before: RedisResult<Option<Vec<u8>>> = command.query_async(connection).await;
        match before {
            Ok(None) => Ok(Some([0, 0, 0])),
            Ok(Some(before)) => Ok(self.is_done(&before).then_some([1, 0, 0])),
            Err(error) if matches!(error.code(), Some("WRONGTYPE" | "OOM")) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The only record of a key, as `record.lua` has it.
    fn record(&self) -> Vec<u8> {
        [b"C", self.token.as_bytes().as_slice(), self.digest.as_bytes()].concat()
    }

    /// Whether the only record of a key says that the work for this body is done.
    fn is_done(&self, record: &[u8]) -> bool {
        record.len() == 49 && record.starts_with(b"D") && record.ends_with(self.digest.as_bytes())
    }

    /// Runs the script on the server.
    ///
    /// A server that does not know it (restarted, failed over, `SCRIPT FLUSH`) has done nothing yet and gets its text.
    /// The text is run, not only loaded, so that it cannot be forgotten in between.
    async fn run_script<T: FromRedisValue>(&self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
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
