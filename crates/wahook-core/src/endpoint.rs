//! One configured receiving URL.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use http::{StatusCode, request::Parts};
use jiff::Timestamp;

use crate::{
    challenge::Challenge,
    guard::Key,
    json::Text,
    proof::{Refusal, Verifier},
    provider::{AnyProvider, Provider},
    secret::SecretError,
    verified::Check,
};

/// One configured receiving URL: a provider, what proves that a request is the provider's, and what to do with it.
///
/// Cheap to clone. Providers have a constructor of their own, with the right scheme in it; this one is for the others:
///
/// ```
/// # use wahook_core::{Endpoint, proof::{Algorithm, BodyHmac}};
/// # fn doc<P: wahook_core::Provider>(my_provider: P) -> Result<(), Box<dyn std::error::Error>> {
/// let scheme = BodyHmac::new("x-my-signature".parse()?, Algorithm::Sha256, "2f7b6f0e".try_into()?)?;
/// let endpoint = Endpoint::new("my-hook", my_provider, scheme)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    name: Text,
    provider: Arc<dyn AnyProvider>,
    verifier: Verifier,
    challenge: Option<Challenge>,
    refused: StatusCode,
    malformed: StatusCode,
    memory: Duration,
    on_conflict: OnConflict,
    on_store_down: OnStoreDown,
    dedupe_group: Option<String>,
    /// Until when its secret is being rotated, in seconds since 1970. Clones share it.
    rotating: Arc<AtomicI64>,
}

/// What to do with another body under a known key (G7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// Flag it, answer as for a duplicate, do not hand it on.
    DropAndFlag,
    /// Flag it and hand it on; the keys of its events still apply.
    #[default]
    Handle,
}

/// What to do while the guard store does not answer (G8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnStoreDown {
    /// Hand it on; it may be a repetition.
    AcceptWithoutDedupe,
    /// Answer 503, so that the provider sends it again.
    #[default]
    Refuse,
}

impl Endpoint {
    /// An endpoint. Its name scopes keys and shows in events and logs: lower-case letters, digits, `-`, `_` and `.`, at
    /// most 64.
    ///
    /// # Errors
    ///
    /// [`BuildErrorKind::Name`].
    pub fn new(
        name: &str,
        provider: impl Provider,
        verifier: impl Into<Verifier>,
    ) -> Result<Self, BuildError> {
        check_name(name)?;
        let habits = Provider::habits(&provider);
        Ok(Self(Arc::new(Settings {
            name: Text::from(name),
            provider: Arc::new(provider),
            verifier: verifier.into(),
            challenge: None,
            refused: habits.refused,
            malformed: StatusCode::OK,
            memory: habits.memory,
            on_conflict: OnConflict::default(),
            on_store_down: OnStoreDown::default(),
            dedupe_group: None,
            rotating: Arc::new(AtomicI64::new(i64::MIN)),
        })))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Answers the provider's challenge.
    #[must_use]
    pub fn challenge(self, challenge: Challenge) -> Self {
        self.with(|settings| settings.challenge = Some(challenge))
    }

    /// Another status for what does not verify.
    #[must_use]
    pub fn answer_refused(self, status: StatusCode) -> Self {
        self.with(|settings| settings.refused = status)
    }

    /// Another status for deliveries that verify but hold a malformed item; 200 keeps the provider from repeating what
    /// no repetition can mend.
    #[must_use]
    pub fn answer_malformed(self, status: StatusCode) -> Self {
        self.with(|settings| settings.malformed = status)
    }

    /// Remembers completed keys for another time. Shorter than the provider's retries means doubled work (G9).
    #[must_use]
    pub fn remember(self, memory: Duration) -> Self {
        self.with(|settings| settings.memory = memory)
    }

    /// What to do with another body under a known key.
    #[must_use]
    pub fn when_conflicting(self, choice: OnConflict) -> Self {
        self.with(|settings| settings.on_conflict = choice)
    }

    /// What to do while the guard store does not answer.
    #[must_use]
    pub fn when_store_down(self, choice: OnStoreDown) -> Self {
        self.with(|settings| settings.on_store_down = choice)
    }

    /// Shares event keys with the other endpoints of a group, where several URLs get the same messages (G10).
    ///
    /// # Errors
    ///
    /// [`BuildErrorKind::Name`].
    pub fn dedupe_group(self, group: &str) -> Result<Self, BuildError> {
        check_name(group)?;
        Ok(self.with(|settings| settings.dedupe_group = Some(format!("@{group}"))))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn shared_name(&self) -> Text {
        self.0.name.clone()
    }

    /// Its provider.
    #[must_use]
    pub fn provider(&self) -> &dyn AnyProvider {
        &*self.0.provider
    }

    /// Its provider, for those who read its deliveries after the endpoint is gone.
    #[must_use]
    pub fn shared_provider(&self) -> Arc<dyn AnyProvider> {
        Arc::clone(&self.0.provider)
    }

    /// What proves that a request is the provider's; its keyrings can be swapped while serving (V5).
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// How it answers challenges, if it does.
    #[must_use]
    pub fn answers_challenge(&self) -> Option<&Challenge> {
        self.0.challenge.as_ref()
    }

    /// The status for a refusal: all that the sender learns.
    #[must_use]
    pub fn status(&self, refusal: &Refusal) -> StatusCode {
        refusal.kind().status(self.0.refused)
    }

    /// Its secret is being rotated: until then a signature or token that does not fit may be of the new secret, which is on its
    /// way here, so its sender is asked to come again (503) instead of being refused. Clones are told as well; a time that
    /// is over ends it.
    pub fn rotate_until(&self, until: Timestamp) {
        self.0.rotating.store(until.as_second(), Ordering::Relaxed);
    }

    /// Until when its secret is being rotated, or was; in whole seconds.
    #[must_use]
    pub fn rotating_until(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.0.rotating.load(Ordering::Relaxed)).ok()
    }

    /// Whether its secret is being rotated at this time.
    #[must_use]
    pub fn is_rotating(&self, now: Timestamp) -> bool {
        now.as_second() < self.0.rotating.load(Ordering::Relaxed)
    }

    /// The status for deliveries that hold a malformed item.
    #[must_use]
    pub fn malformed_status(&self) -> StatusCode {
        self.0.malformed
    }

    /// How long a completed key is remembered.
    #[must_use]
    pub fn memory(&self) -> Duration {
        self.0.memory
    }

    /// What to do with another body under a known key.
    #[must_use]
    pub fn on_conflict(&self) -> OnConflict {
        self.0.on_conflict
    }

    /// What to do while the guard store does not answer.
    #[must_use]
    pub fn on_store_down(&self) -> OnStoreDown {
        self.0.on_store_down
    }

    /// The scope of event keys.
    #[must_use]
    pub fn event_scope(&self) -> &str {
        self.0.dedupe_group.as_deref().unwrap_or(&self.0.name)
    }

    /// The key of the delivery to which the provider gave this id, as the guard and the inbox have it, whether it came or
    /// not. `None` where that id does not make the key: it stands in the body, or nothing proves it.
    #[must_use]
    pub fn key_of_id(&self, id: &str) -> Option<Key> {
        let key = self.0.provider.key_of_id(id)?;
        let is_proved = self.0.verifier.proves_id();
        is_proved.then(|| Key::delivery(self.name(), &key.text))
    }

    /// Judges the head of a request, before any of its body is read (V2).
    ///
    /// # Errors
    ///
    /// The exact reason, for the operator; the sender gets [`Endpoint::status`] and nothing else.
    pub fn begin(&self, head: &Parts, now: Timestamp) -> Result<Check, Refusal> {
        let pending = self.0.verifier.begin(head, now)?;
        Ok(Check::new(self.clone(), pending, now))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.0.name)
            .field("provider", &self.0.provider.id())
            .field("verifier", &self.0.verifier)
            .finish_non_exhaustive()
    }
}

fn check_name(name: &str) -> Result<(), BuildError> {
    let good = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
    if good {
        Ok(())
    } else {
        Err(BuildError {
            kind: BuildErrorKind::Name,
            source: None,
        })
    }
}

/// An endpoint that cannot be built.
#[derive(Clone, Debug)]
pub struct BuildError {
    kind: BuildErrorKind,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl BuildError {
    /// An option that makes no sense; `source` says which and why.
    pub fn option(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind: BuildErrorKind::Option,
            source: Some(Arc::from(source.into())),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> BuildErrorKind {
        self.kind
    }
}

/// What is wrong with an endpoint's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// The name.
    Name,
    /// An option.
    Option,
    /// A secret.
    Secret,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            BuildErrorKind::Name => {
                "an endpoint or group name has 1 to 64 lower-case letters, digits, '-', '_' or '.', and begins with a letter or digit"
            }
            BuildErrorKind::Option => "an option of the endpoint makes no sense",
            BuildErrorKind::Secret => "a secret of the endpoint cannot be used",
        })
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<SecretError> for BuildError {
    fn from(error: SecretError) -> Self {
        Self {
            kind: BuildErrorKind::Secret,
            source: Some(Arc::new(error)),
        }
    }
}

impl From<std::convert::Infallible> for BuildError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
