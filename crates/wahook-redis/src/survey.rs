//! What a server says about itself when the store is opened, and what that is worth.

use std::{collections::HashMap, time::Duration};

use redis::{FromRedisValue, RedisResult};
use tokio::time::{Instant, sleep};
use wahook_core::{
    Assurance, Guarantee,
    guard::{OpenError, OpenErrorKind},
};

use crate::{
    error::Cause,
    link::{Line, Link},
};

/// What a server says about itself; what it does not let us read is not in it.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    info: HashMap<String, String>,
    config: HashMap<String, String>,
}

impl Survey {
    /// Asks until the server has read its data, or until `end`.
    pub(crate) async fn of(link: &Link, end: Instant) -> Result<Self, Cause> {
        loop {
            let survey = Self::once(&*link.line(None).await?).await?;
            if survey.info("loading") != Some("1") {
                return Ok(survey);
            }
            if Instant::now() >= end {
                return Err(Cause::Code("LOADING".to_owned()));
            }
            sleep(POLL).await;
        }
    }

    async fn once(line: &Line) -> Result<Self, Cause> {
        let info: Option<String> = allowed(line.query(&redis::cmd("INFO")).await)?;
        let mut survey = Self {
            info: info.as_deref().map(pairs).unwrap_or_default(),
            ..Self::default()
        };
        // One at a time: before 7.0 the command takes only one name.
        for name in [
            "appendonly",
            "appendfsync",
            "no-appendfsync-on-rewrite",
            "maxmemory",
            "maxmemory-policy",
        ] {
            let answer = line.query(redis::cmd("CONFIG").arg("GET").arg(name)).await;
            let found: Option<HashMap<String, String>> = allowed(answer)?;
            survey.config.extend(found.unwrap_or_default());
        }
        Ok(survey)
    }

    fn info(&self, name: &str) -> Option<&str> {
        self.info.get(name).map(String::as_str)
    }

    fn config(&self, name: &str) -> Option<&str> {
        self.config.get(name).map(String::as_str)
    }

    /// Whether scripts may carry flags, and `SET` takes `NX` together with `GET`; none where the version is not known.
    pub(crate) fn is_7(&self) -> Option<bool> {
        self.version().map(|version| version >= (7, 0))
    }

    fn version(&self) -> Option<(u32, u32)> {
        let mut numbers = self.info("redis_version")?.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }

    /// Whether this is a server that the store can work with.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let refused = |text: String| Err(OpenError::new(OpenErrorKind::Refused, text));
        if let Some((major, minor)) = self.version().filter(|version| *version < OLDEST) {
            let (oldest, _) = OLDEST;
            return refused(format!(
                "Redis {major}.{minor} is too old: its scripts cannot use its clock; {oldest}.0 or later is needed"
            ));
        }
        match self.info("redis_mode") {
            Some("sentinel") => {
                return refused(
                    "this is a sentinel, which keeps no data: give the address of the primary".to_owned(),
                );
            }
            Some("cluster") => {
                return refused(
                    "this is a node of a Redis Cluster, which has only a part of the keys: give the address of one that has \
                     all (a server without cluster mode, or a proxy of the cluster)"
                        .to_owned(),
                );
            }
            _ => {}
        }
        if self.info("role") == Some("slave") {
            return refused(
                "this is a replica, which cannot be written to: give the address of the primary".to_owned(),
            );
        }
        Ok(())
    }

    /// What survives, by which setting, and what is unsafe.
    pub(crate) fn assurance(&self) -> Assurance {
        let mut assurance = self.guarantee();
        if self.has_replicas() {
            assurance = assurance.warn(
                "the server has replicas, which follow it with a delay: after a failover the newest marks are missing, and what \
                 they stood for is handled again if it is repeated; for marks that never get lost use a store without failover",
            );
        }
        let policy = self
            .info("maxmemory_policy")
            .or_else(|| self.config("maxmemory-policy"));
        let limit = self.info("maxmemory").or_else(|| self.config("maxmemory"));
        match policy {
            Some("noeviction") => {}
            Some(policy) if limit.is_some_and(|limit| limit != "0") => {
                assurance = assurance.warn(format!(
                    "maxmemory-policy is {policy}: when memory is used up, Redis throws marks away, and what they stood for is \
                     handled again if it is repeated; set maxmemory-policy to noeviction"
                ));
            }
            // Without a limit nothing is thrown away.
            Some(_) => {}
            None => {
                assurance = assurance.warn(
                    "maxmemory-policy could not be read: if it is not noeviction, Redis throws marks away when memory is used up; \
                     make sure that it is noeviction",
                );
            }
        }
        assurance
    }

    fn guarantee(&self) -> Assurance {
        let less = |because: String| Assurance::new(Guarantee::ProcessCrashOnly, because);
        let unread = |setting: &str| less(format!("{setting} could not be read"));
        let appendonly = self
            .config("appendonly")
            .or_else(|| match self.info("aof_enabled") {
                Some("0") => Some("no"),
                Some("1") => Some("yes"),
                _ => None,
            });
        match appendonly {
            Some("yes") => {}
            Some(other) => return less(format!("appendonly is {other}")),
            None => return unread("appendonly"),
        }
        match self.config("appendfsync") {
            Some("always") => {}
            Some(other) => return less(format!("appendfsync is {other}")),
            None => return unread("appendfsync"),
        }
        match self.config("no-appendfsync-on-rewrite") {
            Some("no") => {}
            Some(other) => return less(format!("no-appendfsync-on-rewrite is {other}")),
            None => return unread("no-appendfsync-on-rewrite"),
        }
        if self.has_replicas() {
            return less("appendfsync is always, but connected_slaves is not 0".to_owned());
        }
        Assurance::new(
            Guarantee::SurvivesPowerLoss,
            "appendonly is yes and appendfsync is always",
        )
    }

    fn has_replicas(&self) -> bool {
        self.info("connected_slaves").is_some_and(|count| count != "0")
    }
}

/// What was answered, or `None` if we are not let in there: managed servers keep `CONFIG` to themselves.
fn allowed<T: FromRedisValue>(answer: RedisResult<T>) -> Result<Option<T>, Cause> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match Cause::of(&error) {
            // `ERR`: an unknown command, as managed servers call a forbidden one.
            Cause::Code(code) if code == "NOPERM" || code == "ERR" => Ok(None),
            cause => Err(cause),
        },
    }
}

fn pairs(info: &str) -> HashMap<String, String> {
    let lines = info.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// From here on a script that asks for the time may write: its effects are replicated, not its text.
const OLDEST: (u32, u32) = (5, 0);

const POLL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(info: &str, config: &[(&str, &str)]) -> Survey {
        let config = config
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Survey {
            info: pairs(info),
            config: config.collect(),
        }
    }

    const SAFE: [(&str, &str); 3] = [
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("no-appendfsync-on-rewrite", "no"),
    ];

    #[test]
    fn i1_only_what_is_known_is_promised() {
        let assurance = survey(
            "role:master\r\nconnected_slaves:0\r\nmaxmemory_policy:noeviction\r\n",
            &SAFE,
        )
        .assurance();
        assert_eq!(assurance.guarantee, Guarantee::SurvivesPowerLoss);
        assert_eq!(assurance.warnings, [] as [&str; 0]);

        for at in 0..SAFE.len() {
            for value in [None, Some("else")] {
                let mut config = SAFE.to_vec();
                let (name, _) = config.remove(at);
                config.extend(value.map(|value| (name, value)));
                let assurance = survey("connected_slaves:0\r\n", &config).assurance();
                assert_eq!(
                    assurance.guarantee,
                    Guarantee::ProcessCrashOnly,
                    "{name} {value:?}"
                );
                assert!(assurance.because.contains(name), "{}", assurance.because);
            }
        }

        let nothing = survey("", &[]).assurance();
        assert_eq!(nothing.guarantee, Guarantee::ProcessCrashOnly);
        assert_eq!(nothing.because, "appendonly could not be read");
        assert_eq!(
            nothing.warnings.len(),
            1,
            "nor is it known whether marks are thrown away"
        );
    }

    #[test]
    fn i1_a_failover_may_lose_what_is_on_disk() {
        let assurance = survey("connected_slaves:1\r\nmaxmemory_policy:noeviction\r\n", &SAFE).assurance();
        assert_eq!(assurance.guarantee, Guarantee::ProcessCrashOnly);
        assert_eq!(assurance.warnings.len(), 1);
    }

    #[test]
    fn g9_throwing_marks_away_is_warned_about_where_it_can_happen() {
        let warnings = |info: &str| survey(info, &SAFE).assurance().warnings.len();
        assert_eq!(warnings("maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n"), 1);
        assert_eq!(warnings("maxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\n"), 1);
        assert_eq!(warnings("maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n"), 0);
        assert_eq!(warnings("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n"), 0);
    }

    #[test]
    fn what_cannot_keep_the_guard_is_refused_with_a_reason() {
        for (info, word) in [
            ("redis_version:4.0.14\r\n", "too old"),
            ("redis_version:7.0.15\r\nredis_mode:cluster\r\n", "Cluster"),
            ("redis_version:7.0.15\r\nredis_mode:sentinel\r\n", "sentinel"),
            (
                "redis_version:7.0.15\r\nredis_mode:standalone\r\nrole:slave\r\n",
                "replica",
            ),
        ] {
            let error = survey(info, &[]).check().expect_err(info);
            assert_eq!(error.kind(), OpenErrorKind::Refused);
            assert!(error.to_string().contains(word), "{error}");
        }
        for info in [
            "",
            "redis_version:5.0.0\r\n",
            "redis_version:255.255.255\r\nrole:master\r\n",
            "redis_version:odd\r\n",
        ] {
            assert!(survey(info, &[]).check().is_ok(), "{info}");
        }
    }
}
