//! What goes wrong on the way of a delivery, by name.

use std::{fmt, str::FromStr};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal),+ $(,)?) => {
        /// What goes wrong on the way of a delivery.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault { $($(#[doc = $doc])+ $variant),+ }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it does, in a sentence.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),+ }.trim_start()
            }
        }
    };
}

faults! {
    /// The same delivery twice, one after the other: the first answer got lost.
    Duplicate = "duplicate",
    /// The same delivery eight times at once.
    Concurrent = "concurrent",
    /// One character of the body is changed after signing.
    Tamper = "tamper",
    /// Signed one hour ago.
    Stale = "stale",
    /// Signed one hour ahead.
    Future = "future",
    /// The body is parsed and written anew after signing, as a careless proxy does.
    Reencode = "reencode",
    /// Signed with another secret of the same form.
    WrongSecret = "wrong-secret",
    /// Half of the body is missing, and the length says so.
    Truncate = "truncate",
    /// The body is one byte larger than the cap.
    Oversize = "oversize",
    /// The body begins and does not go on.
    Slow = "slow",
    /// Another body under the key of the first.
    Conflict = "conflict",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.as_str() == text)
            .ok_or(UnknownFault)
    }
}

/// A text that names no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownFault;

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
        write!(f, "no such fault; there are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFault {}
