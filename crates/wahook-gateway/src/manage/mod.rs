//! The provider's side of an endpoint: where it delivers to, with which secret, and what it could not deliver.
//!
//! One file for each provider, and one row in [`SIDES`]. What a provider has no documented call for is said in so many
//! words, and not guessed.

mod place;
mod rotate;
mod waping;
mod wawp;
mod wazapin;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::{Error, ErrorKind, Options};

use self::place::shown;
pub(crate) use self::{
    place::Place,
    rotate::{Ask, Rotation, Seen, Step},
};
use crate::{
    Failure,
    config::{Manage, Route},
    failure::chain,
};

/// What can be asked of a provider, and done there.
pub(crate) trait Side: Send + Sync {
    /// Whether there is a documented call for what it delivers to.
    fn lists(&self) -> bool {
        true
    }

    /// Whether there is a documented call for what it could not deliver.
    fn tells_failed(&self) -> bool {
        true
    }

    /// Whether there is a documented call for a test delivery.
    fn tests(&self) -> bool {
        true
    }

    /// Whether what it delivers to is named by its URL: with another token it is another one.
    fn names_by_url(&self) -> bool {
        false
    }

    /// What it delivers to.
    fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>>;

    /// Whether it makes the secret of what it delivers to, which [`create`](Self::create) then tells.
    fn makes_secrets(&self) -> bool {
        false
    }

    /// Has it deliver to a place.
    fn create<'a>(
        &'a self,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<Created, Failure>>;

    /// Has it deliver these events to this place from now on; all if there are none.
    fn update<'a>(
        &'a self,
        of: &'a Registered,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Has it deliver there no more.
    fn delete<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<(), Failure>>;

    /// Has it send something made up; tells the delivery's id, if that is told.
    fn test<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<Option<String>, Failure>>;

    /// Has it sign with another secret, which it tells.
    fn rotate<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<Secret, NotRotated>>;

    /// What it could not deliver there since then.
    fn failed<'a>(&'a self, of: &'a Registered, since: Timestamp) -> BoxFuture<'a, Result<Failed, Failure>>;

    /// What it says of the accounts behind it, in words; nothing where it documents no call for that.
    fn accounts(&self) -> BoxFuture<'_, Result<Vec<String>, Failure>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Has it send a delivery again.
    fn resend<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
}

/// The providers whose side can be managed.
const SIDES: &[(&str, Build)] = &[
    ("wazapin", wazapin::build),
    ("wawp", wawp::build),
    ("waping", waping::build),
];

type Build = fn(Manage, Options) -> Result<Box<dyn Side>, Failure>;

/// The side of this endpoint's provider.
pub(crate) fn side(route: &Route) -> Result<Box<dyn Side>, Failure> {
    let name = route.endpoint.name();
    let id = route.endpoint.provider().id();
    let Some(manage) = route.manage.clone() else {
        return Err(Failure::wrong_use(format!(
            "endpoint `{name}` has no [endpoint.manage]; add it with the key of the provider's API: api_key_file = \"…\""
        )));
    };
    let Some((_, build)) = SIDES.iter().find(|(other, _)| *other == id) else {
        return Err(Failure::wrong_use(format!("nothing is known of the API of {id}")));
    };
    let mut options = Options::new();
    if let Some(url) = &manage.config.base_url {
        options = options.base_url(url);
    }
    build(manage, options)
}

/// Something that a provider delivers to.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// What the provider's other calls name it by.
    pub(crate) id: String,
    /// Where deliveries go; what stands in its query may be a secret.
    pub(crate) url: Option<String>,
    /// Which events; `None` for all, or where that is not told.
    pub(crate) events: Option<Vec<String>>,
    pub(crate) is_enabled: Option<bool>,
    /// The provider's own, which is not ours to change.
    pub(crate) is_system: bool,
}

impl Registered {
    /// Its id as it may be shown: some providers name it by its URL, in which a token may be.
    pub(crate) fn name(&self) -> String {
        self.name_by(shown)
    }

    /// The same with another way to show a URL. What it leaves out is told apart all the same.
    fn name_by(&self, shown: impl Fn(&str) -> String) -> String {
        let name = if self.id.contains("://") {
            let shown = shown(&self.id);
            let mark = place::mark(&self.id);
            if shown == self.id { shown } else { shown + &mark }
        } else {
            self.id.clone()
        };
        name.chars().filter(|c| !is_obeyed(*c)).take(200).collect()
    }
}

/// Whether a terminal would obey it: control characters, and what turns the direction of writing.
pub(crate) fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What a provider said when it was told where to deliver to.
#[derive(Debug, Default)]
pub(crate) struct Created {
    /// What its other calls name it by.
    pub(crate) id: Option<String>,
    /// What it signs with, if it makes that itself.
    pub(crate) secret: Option<Secret>,
}

/// What a provider could not deliver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failed {
    pub(crate) deliveries: Vec<FailedDelivery>,
    /// Whether these are all, as far as the provider says.
    pub(crate) is_complete: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct FailedDelivery {
    /// What receivers see as its id, and what it is sent again by.
    pub(crate) id: String,
    pub(crate) event: Option<String>,
    pub(crate) at: Option<Timestamp>,
    /// What the receiver answered.
    pub(crate) status: Option<u16>,
}

/// A secret was not rotated, as far as is known.
#[derive(Debug)]
pub(crate) enum NotRotated {
    /// The old one is still in use.
    Surely(Failure),
    /// Which one is in use is not known.
    Perhaps(Failure),
}

/// A call that only reads and failed, in one line: nothing was changed by it.
fn unread(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Config => Failure::wrong_use(chain(error)),
        _ => Failure::io(chain(error)),
    }
}

/// A call that failed, in one line.
fn failure(error: &Error) -> Failure {
    let failure = unread(error);
    if error.may_be_done() {
        failure.perhaps()
    } else {
        failure
    }
}

/// A secret that was not changed because of this.
impl From<Failure> for NotRotated {
    fn from(failure: Failure) -> Self {
        if failure.is_perhaps() {
            Self::Perhaps(failure)
        } else {
            Self::Surely(failure)
        }
    }
}

/// There is no documented call for it.
fn without<'a, T: Send + 'a>(title: &str, what: &str) -> BoxFuture<'a, Result<T, Failure>> {
    let failure = undocumented(title, what);
    Box::pin(async { Err(failure) })
}

pub(crate) fn undocumented(title: &str, what: &str) -> Failure {
    Failure::wrong_use(format!("{title} documents no call for {what}; use its dashboard"))
}
