//! Sets of words that grow under us, as types (N2).

/// A set of words that a provider may extend at any time: known words are variants, any other word is kept.
///
/// Compare with `as_str()` where a later release may name the word you look for.
///
/// ```
/// wahook_core::open_enum! {
///     /// Which engine a session runs on.
///     pub enum Engine {
///         /// Drives a browser.
///         WebJs = "WEBJS",
///         /// A protocol implementation in Go.
///         Gows = "GOWS",
///     }
/// }
/// assert_eq!(Engine::from("GOWS"), Engine::Gows);
/// assert_eq!(Engine::from("ZAP").as_str(), "ZAP");
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A word that this release does not know, as sent.
            Unknown($crate::json::Text),
        }

        impl $name {
            /// The words this release knows.
            pub const KNOWN: &'static [&'static str] = &[$($word),+];

            /// The word; for a known one its usual spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word.as_str(),
                }
            }

            /// The word, without a copy.
            #[must_use]
            pub fn into_word(self) -> $crate::json::Text {
                match self {
                    $(Self::$variant => $crate::json::Text::from_static($word),)+
                    Self::Unknown(word) => word,
                }
            }

            fn known(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                Self::known(word).unwrap_or_else(|| Self::Unknown(word.into()))
            }
        }

        impl From<$crate::json::Text> for $name {
            fn from(word: $crate::json::Text) -> Self {
                Self::known(&word).unwrap_or(Self::Unknown(word))
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$crate::json::Text as $crate::serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// A set of words of the event model: ours, hence copyable, with `Unknown` for what has no neutral word.
///
/// Values may be added within version 1: reading a word of a later release gives `Unknown`.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// No neutral word says it; the provider's own is beside it.
            #[default]
            Unknown,
        }

        impl $name {
            /// Every word, `unknown` last.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+ Self::Unknown];

            /// The word in the JSON form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown => "unknown",
                }
            }
        }

        $crate::words::word_impls!($name $(#[$meta])*);
    };
}

/// What [`words!`] and the kinds share: text, JSON and schema forms of a type with `ALL` and `as_str`.
macro_rules! word_impls {
    ($name:ident $(#[$meta:meta])*) => {
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                // A macro cannot read its own doc comment; a derive can.
                #[derive(schemars::JsonSchema)]
                $(#[$meta])*
                struct Documented;
                let documented = <Documented as schemars::JsonSchema>::json_schema(generator);
                $crate::model::schema::words(Self::ALL.iter().map(|word| word.as_str()), &documented)
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == word)
                    .unwrap_or(Self::Unknown)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::Text::deserialize(deserializer).map(|word| Self::from(word.as_str()))
            }
        }
    };
}

pub(crate) use {word_impls, words};
