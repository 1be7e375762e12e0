//! Rotating a secret without losing a delivery.
//!
//! ```text
//! file: old                     a mismatch is refused
//! file: old, rotating           a mismatch is asked to come again ─ the gateway has seen it
//!   ask the provider            it signs with the new one from some moment on
//! file: new, previous, rotating both are taken                    ─ the gateway has seen it
//! file: new, previous           a mismatch is refused
//! file: new                     when the overlap is over
//! ```
//!
//! Whatever fails on the way, the file holds what is in use, as far as that can be known.

use std::{path::Path, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Clock;

use super::{NotRotated, Registered, Side};
use crate::{Failure, config::SecretFile};

/// How long a mismatch is excused before the provider has answered: longer than any call to it takes.
const MARK: Duration = Duration::from_secs(600);
/// And afterwards, until every gateway has read the new secret.
const SETTLE: Duration = Duration::from_secs(120);

/// Whether the gateway has read the file: that which says that it is being rotated until then; `None` once it is over.
pub(crate) trait Seen {
    /// Waits until it has.
    fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>>;
}

/// What is done, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A mismatch is asked to come again.
    Marked,
    /// The provider has another secret.
    Rotated,
    /// Both secrets are taken.
    Kept,
}

/// One rotation.
pub(crate) struct Rotation<'a> {
    pub(crate) file: &'a Path,
    pub(crate) side: &'a dyn Side,
    pub(crate) of: &'a Registered,
    /// How long the old secret is valid beside the new one.
    pub(crate) overlap: Duration,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) seen: &'a dyn Seen,
    pub(crate) tell: &'a dyn Fn(Step),
}

impl Rotation<'_> {
    /// Does it; tells until when the old secret is valid.
    pub(crate) async fn run(&self) -> Result<Timestamp, Failure> {
        let mut file = SecretFile::read(self.file).map_err(Failure::io)?;
        let now = self.clock.now();
        file.previous.retain(|(_, until)| now < *until);
        let before = file.clone();
        file.can_be_written(self.file)
            .map_err(|error| self.cannot_write(&error))?;

        file.rotating = Some(self.later(MARK));
        self.write(&file)?;
        if let Err(failure) = self.seen.until(file.rotating).await {
            self.restore(before);
            return Err(Failure::io(format!("nothing was changed: {failure}")));
        }
        (self.tell)(Step::Marked);

        let secret = match self.side.rotate(self.of).await {
            Ok(secret) => secret,
            Err(NotRotated::Surely(failure)) => {
                self.restore(before);
                return Err(Failure::io(format!("nothing was changed: {failure}")));
            }
            Err(NotRotated::Perhaps(failure)) => {
                return Err(Failure::io(format!(
                    "which secret is in use is not known: {failure}. The old one is valid here, and what does not fit it is \
                     asked to come again for ten minutes: rotate once more by then"
                )));
            }
        };
        (self.tell)(Step::Rotated);

        let until = self.later(self.overlap);
        let old = std::mem::replace(&mut file.current, secret);
        file.previous.insert(0, (old, until));
        file.rotating = Some(self.later(SETTLE));
        self.keep(&file)?;
        let seen = self.seen.until(file.rotating).await;
        if let Err(failure) = seen {
            return Err(Failure::io(format!(
                "the new secret is in {}, and the gateway has not taken it up: {failure}",
                self.file.display()
            )));
        }
        (self.tell)(Step::Kept);
        file.rotating = None;
        // What stands there ends by itself.
        let _ = self.write(&file);
        Ok(until)
    }

    /// In whole seconds, as gateways tell it.
    fn later(&self, time: Duration) -> Timestamp {
        let later = self.clock.now().saturating_add(time).unwrap_or(Timestamp::MAX);
        Timestamp::from_second(later.as_second()).unwrap_or(later)
    }

    fn write(&self, file: &SecretFile) -> Result<(), Failure> {
        file.write(self.file).map_err(|error| self.cannot_write(&error))
    }

    /// As it was. If it cannot be, the mark ends by itself.
    fn restore(&self, before: SecretFile) {
        let _ = SecretFile {
            rotating: None,
            ..before
        }
        .write(self.file);
    }

    /// Writes the new secret, which only we know.
    fn keep(&self, file: &SecretFile) -> Result<(), Failure> {
        let Err(error) = file.write(self.file) else {
            return Ok(());
        };
        // Where a person reads, and nowhere else.
        if crate::output::stderr_is_terminal() {
            crate::output::notice(&format!("the new secret: {}", file.current.expose()));
        }
        Err(Failure::io(format!(
            "the provider has a new secret and it could not be kept: {}; rotate once more within ten minutes, or copy it from \
             the provider's dashboard",
            self.cannot_write(&error)
        )))
    }

    fn cannot_write(&self, error: &std::io::Error) -> Failure {
        Failure::io(format!("cannot write {}: {error}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{
            Mutex,
            atomic::{AtomicBool, Ordering},
        },
    };

    use wahook_core::Secret;
    use wahook_testkit::ManualClock;

    use super::*;
    use crate::manage::{Failed, Place};

    const OLD: &str = "old-secret-old-secret";
    const NEW: &str = "new-secret-new-secret";

    /// A provider that answers this, and the file as it was when it was asked.
    struct Script<'a> {
        answer: fn() -> Result<Secret, NotRotated>,
        file: &'a Path,
        then: Mutex<String>,
    }

    impl Side for Script<'_> {
        fn rotate<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<Secret, NotRotated>> {
            *self.then.lock().unwrap() = fs::read_to_string(self.file).unwrap();
            Box::pin(async { (self.answer)() })
        }
        fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>> {
            unreachable!()
        }
        fn create<'a>(
            &'a self,
            _: &'a Place,
            _: &'a [String],
        ) -> BoxFuture<'a, Result<Option<Secret>, Failure>> {
            unreachable!()
        }
        fn update<'a>(
            &'a self,
            _: &'a Registered,
            _: &'a Place,
            _: &'a [String],
        ) -> BoxFuture<'a, Result<(), Failure>> {
            unreachable!()
        }
        fn delete<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<(), Failure>> {
            unreachable!()
        }
        fn test<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<Option<String>, Failure>> {
            unreachable!()
        }
        fn failed<'a>(&'a self, _: &'a Registered, _: Timestamp) -> BoxFuture<'a, Result<Failed, Failure>> {
            unreachable!()
        }
        fn resend<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
            unreachable!()
        }
    }

    /// A gateway that reads the file, or does not.
    struct Gateway<'a> {
        file: &'a Path,
        is_blind: AtomicBool,
    }

    impl Seen for Gateway<'_> {
        fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>> {
            Box::pin(async move {
                if self.is_blind.load(Ordering::Relaxed) {
                    return Err(Failure::io("it does not look"));
                }
                assert_eq!(SecretFile::read(self.file).unwrap().rotating, rotating);
                Ok(())
            })
        }
    }

    struct Outcome {
        result: Result<Timestamp, Failure>,
        /// The file when the provider was asked, and at the end.
        then: String,
        now: String,
    }

    fn rotate(answer: fn() -> Result<Secret, NotRotated>, is_blind: bool) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, format!("{OLD}\n")).unwrap();
        let side = Script {
            answer,
            file: &path,
            then: Mutex::default(),
        };
        let seen = Gateway {
            file: &path,
            is_blind: AtomicBool::new(is_blind),
        };
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let of = Registered {
            id: "ep_1".to_owned(),
            url: None,
            events: None,
            is_enabled: None,
            is_system: false,
        };
        let rotation = Rotation {
            file: &path,
            side: &side,
            of: &of,
            overlap: Duration::from_secs(86_400),
            clock: &clock,
            seen: &seen,
            tell: &|_| {},
        };
        let result = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(rotation.run());
        let then = side.then.lock().unwrap().clone();
        Outcome {
            result,
            then,
            now: fs::read_to_string(&path).unwrap(),
        }
    }

    #[test]
    fn v5_a_mismatch_is_excused_before_the_provider_is_asked_and_both_secrets_are_valid_afterwards() {
        let done = rotate(|| Ok(Secret::new(NEW).unwrap()), false);
        assert_eq!(done.result.unwrap().to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(done.then, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));
        assert_eq!(done.now, format!("{NEW}\nprevious 2026-01-02T00:00:00Z {OLD}\n"));
    }

    #[test]
    fn v5_what_fails_leaves_what_works() {
        let refused = rotate(|| Err(NotRotated::Surely(Failure::io("401"))), false);
        assert!(
            refused
                .result
                .unwrap_err()
                .to_string()
                .contains("nothing was changed: 401")
        );
        assert_eq!(refused.now, format!("{OLD}\n"));

        // Perhaps it was done: what does not fit goes on being asked to come again.
        let lost = rotate(|| Err(NotRotated::Perhaps(Failure::io("no answer"))), false);
        assert!(lost.result.unwrap_err().to_string().contains("rotate once more"));
        assert_eq!(lost.now, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));

        // A gateway that would refuse what the provider signs: it is not asked.
        let blind = rotate(|| unreachable!(), true);
        assert!(
            blind
                .result
                .unwrap_err()
                .to_string()
                .contains("nothing was changed: it does not look")
        );
        assert_eq!(blind.now, format!("{OLD}\n"));
        assert_eq!(blind.then, "");
    }
}
