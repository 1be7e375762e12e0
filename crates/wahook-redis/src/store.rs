//! The guard store on Redis.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};
use wahook_core::{
    Assurance, BoxFuture,
    guard::{
        Claim, Digest, GuardStore, Key, OpenError, OpenErrorKind, Settled, StoreError, StoreErrorKind, Token,
    },
};

use crate::{
    RedisOptions,
    address::Address,
    dial::Dialer,
    error::Cause,
    link::Link,
    script::{Script, Scripts, Verb},
    survey::Survey,
};

/// A guard store on a Redis server, which any number of processes share.
///
/// See the [crate's page](crate) for what it promises.
pub struct RedisStore {
    link: Link,
    scripts: Scripts,
    /// Whether the server takes a claim in one command: `SET` with `NX` and `GET`, from Redis 7.0 on.
    at_once: bool,
    /// With the layout's version.
    prefix: String,
    deadline: Duration,
    assurance: Assurance,
}

impl RedisStore {
    /// Connects to the server of a URL, checks it, and tries the three verbs once.
    ///
    /// `redis://[user][:password@]host[:port][/database]`, `rediss://` for TLS (`?ca=FILE`, `?cert=FILE&key=FILE`), or
    /// `redis+unix:///path[?db=…&user=…&pass=…]`. Needs a Tokio runtime, in which a task keeps the connection.
    ///
    /// # Errors
    ///
    /// [`Address`](OpenErrorKind::Address): the URL, the prefix or a certificate file is none.
    /// [`Unreachable`](OpenErrorKind::Unreachable): nobody answers, or not in time.
    /// [`Refused`](OpenErrorKind::Refused): wrong user or password, missing rights, a certificate that is not trusted, or
    /// a server that cannot keep the guard: a replica, a sentinel, a node of a cluster, a version before 5.0.
    pub async fn connect(url: &str, options: RedisOptions) -> Result<Self, OpenError> {
        let now = Instant::now();
        let end = now.checked_add(options.connect_deadline).unwrap_or(now + DAY);
        let address = Address::parse(url, &options)?;
        let prefix = options.prefix.as_str();
        if prefix.is_empty()
            || prefix.len() > 64
            || prefix.contains(|c: char| c.is_control() || c.is_whitespace())
        {
            return Err(OpenError::new(
                OpenErrorKind::Address,
                "the prefix for Redis is not one: 1 to 64 bytes, without spaces",
            ));
        }
        let dialer = Dialer::new(address, options.connect_deadline)?;
        let place = dialer.place();
        let opened = timeout_at(end, Self::open(dialer, &options, end)).await;
        match opened.unwrap_or(Err(Failure::Cause(Cause::Late))) {
            Ok(store) => Ok(store),
            Err(Failure::Server(error)) => Err(error),
            Err(Failure::Cause(cause)) => Err(open_error(cause, &place)),
        }
    }

    /// What survives of what the store was told, as the server's settings say, and what is unsafe about them.
    ///
    /// Found out when the store was opened: settings that are changed later are not seen.
    #[must_use]
    pub const fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    async fn open(dialer: Dialer, options: &RedisOptions, end: Instant) -> Result<Self, Failure> {
        let link = Link::open(dialer, options.deadline).await?;
        let survey = Survey::of(&link, end).await?;
        survey.check()?;
        let store = Self {
            scripts: Scripts::new(survey.is_7() == Some(true)),
            link,
            at_once: survey.is_7() != Some(false),
            prefix: format!("{}:{LAYOUT}:", options.prefix),
            deadline: options.deadline,
            assurance: survey.assurance(),
        };
        store.rehearse(options.connect_deadline).await
    }

    /// Tries what the guard needs: a right that is missing shall be known now and not at the first delivery.
    async fn rehearse(mut self, deadline: Duration) -> Result<Self, Failure> {
        // No key of a delivery or an event has this name, and no other store that opens.
        let key = format!("{}start:{:016x}", self.prefix, RandomState::new().hash_one(0));
        let verb = |script, body| Verb {
            script,
            key: key.clone(),
            digest: Digest::from_bytes([body; 32]),
            token: Token::new([0; 16]),
            span: Duration::from_secs(1),
            repeatable: true,
            at_once: false,
        };
        let Scripts {
            claim,
            complete,
            release,
        } = &self.scripts;
        let claim_at_once = Verb {
            at_once: self.at_once,
            ..verb(claim, 0)
        };
        let claims = [claim_at_once, verb(claim, 0), verb(claim, 1), verb(claim, 0)];
        // Of one body, then of two, then of the first again beside the other: all that there is to a claim.
        for claim in claims {
            let claimed: Result<Claimed, Cause> = self.link.say(&claim, deadline).await;
            match claimed {
                Ok(_) => {}
                // An older server does not know the words, and a proxy may not.
                Err(Cause::Code(code)) if code == "ERR" && claim.at_once => self.at_once = false,
                Err(Cause::Code(code)) if code == "OOM" => {
                    self.assurance = self.assurance.warn(
                        "the server has no memory left: nothing new is claimed until it has; raise maxmemory or give it a \
                         server of its own",
                    );
                    break;
                }
                Err(cause) => return Err(cause.into()),
            }
        }
        for body in [0, 1] {
            let _: u8 = self.link.say(&verb(release, body), deadline).await?;
        }
        // Of a record that is not there: nothing is left behind.
        let _: u8 = self.link.say(&verb(complete, 0), deadline).await?;
        Ok(self)
    }

    async fn say<T: redis::FromRedisValue>(&self, verb: Verb<'_>) -> Result<T, StoreError> {
        let answer = self.link.say(&verb, self.deadline).await;
        answer.map_err(Cause::store_error)
    }

    fn verb<'a>(
        &self,
        script: &'a Script,
        key: &Key,
        digest: Digest,
        token: Token,
        span: Duration,
    ) -> Verb<'a> {
        Verb {
            script,
            key: format!("{}{}", self.prefix, key.as_str()),
            digest,
            token,
            span,
            repeatable: true,
            at_once: false,
        }
    }
}

/// What a claim is answered: what became of it, the milliseconds that are left of another's, and whether other bodies came.
type Claimed = (u8, u64, bool);

/// Instead of a deadline that is further away than time goes.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Written into the name of every key: a later layout has names of its own.
const LAYOUT: u32 = 1;

/// Why a store could not be opened, before it has words.
enum Failure {
    Server(OpenError),
    Cause(Cause),
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Server(error)
    }
}

fn open_error(cause: Cause, place: &str) -> OpenError {
    let (kind, text) = match &cause {
        Cause::Credentials => (
            OpenErrorKind::Refused,
            format!("Redis at {place} refuses the user or the password of the URL"),
        ),
        Cause::Tls(_) => (
            OpenErrorKind::Refused,
            format!(
                "no encrypted connection to Redis at {place}; name its authority with ?ca=FILE if it is not the system's"
            ),
        ),
        Cause::Code(code) => match code.as_str() {
            "NOAUTH" => (
                OpenErrorKind::Refused,
                format!("Redis at {place} wants a password: redis://user:password@host"),
            ),
            "NOPERM" => (
                OpenErrorKind::Refused,
                format!(
                    "Redis at {place} does not let this user work: it needs +evalsha +eval +set +get +psetex +del +time +hget +hset +hlen \
                     +hscan +hdel +pttl +pexpireat on the keys of the prefix, and +info +config|get to tell what survives"
                ),
            ),
            "LOADING" | "BUSY" | "MASTERDOWN" | "TRYAGAIN" => (
                OpenErrorKind::Unreachable,
                format!("Redis at {place} is not ready ({code}); try again later"),
            ),
            _ => (
                OpenErrorKind::Refused,
                format!(
                    "Redis at {place} refuses to work: {code}; is the database number right, and can it be written to?"
                ),
            ),
        },
        Cause::Io(_) | Cause::Answer | Cause::Late => (
            OpenErrorKind::Unreachable,
            format!("no Redis answers at {place}; does it run there, with or without TLS as the URL says?"),
        ),
    };
    OpenError::new(kind, text).because(cause)
}

/// An answer that no script of ours gives.
fn odd() -> StoreError {
    StoreError::with_source(StoreErrorKind::Unavailable, Cause::Answer)
}

fn settled(answer: u8) -> Result<Settled, StoreError> {
    match answer {
        0 => Ok(Settled::Lost),
        1 => Ok(Settled::Done),
        _ => Err(odd()),
    }
}

impl GuardStore for RedisStore {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move {
            let mut verb = self.verb(&self.scripts.claim, key, digest, token, lease);
            verb.at_once = self.at_once;
            let (what, left, conflict): Claimed = self.say(verb).await?;
            match what {
                0 => Ok(Claim::Fresh { conflict }),
                1 => Ok(Claim::Duplicate { conflict }),
                2 => Ok(Claim::InFlight {
                    left: Duration::from_millis(left),
                    conflict,
                }),
                _ => Err(odd()),
            }
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let verb = self.verb(&self.scripts.complete, key, digest, token, ttl);
            settled(self.say(verb).await?)
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let mut verb = self.verb(&self.scripts.release, key, digest, token, Duration::ZERO);
            // If the first one was heard and its answer lost, the second would be told that the claim is lost.
            verb.repeatable = false;
            settled(self.say(verb).await?)
        })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("link", &self.link)
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .field("assurance", &self.assurance)
            .finish_non_exhaustive()
    }
}
