//! The envelope, read in one pass: the payload is typed as soon as the name is known.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use wahook_core::json::{Fill, Number, Raw, ReadError, Text, read_borrowed};

use super::{
    EventName, Payload,
    object::{Members, Object, Slot, object},
};

object! {
    /// Whose session it is.
    pub struct Me {
        /// Address, `…@c.us`.
        id: Option<Text> = "id",
        /// Hidden id, `…@lid`.
        lid: Option<Text> = "lid",
        /// Address with the device; GOWS only.
        jid: Option<Text> = "jid",
        /// The account's own name; may be empty or `~`.
        push_name: Option<Text> = "pushName",
    }
}

object! {
    /// What the sender runs on.
    pub struct Environment {
        /// WAHA's version.
        version: Option<Text> = "version",
        /// As in the envelope.
        engine: Option<Engine> = "engine",
        /// WAHA's edition.
        tier: Option<Tier> = "tier",
        /// The browser's path.
        browser: Option<Text> = "browser",
        /// Such as `linux/x64`.
        platform: Option<Text> = "platform",
        /// Which worker.
        worker: Option<Worker> = "worker",
    }
}

object! {
    /// Which worker of the sender.
    pub struct Worker {
        /// Its id.
        id: Option<Text> = "id",
    }
}

wahook_core::open_enum! {
    /// What a session runs on.
    pub enum Engine {
        /// Drives a browser.
        WebJs = "WEBJS",
        /// In Node.
        NoWeb = "NOWEB",
        /// In Go; what was seen at Wawp.
        Gows = "GOWS",
        /// Drives a browser.
        Wpp = "WPP",
        /// Old: drives a browser.
        Venom = "VENOM",
    }
}

wahook_core::open_enum! {
    /// WAHA's edition.
    pub enum Tier {
        /// The free one.
        Core = "CORE",
        /// The paid one.
        Plus = "PLUS",
    }
}

/// An envelope whose payload is what its name promises, or whose name is not known.
#[derive(Debug, Default)]
pub(in crate::wawp) struct Envelope {
    pub(in crate::wawp) id: Option<Text>,
    pub(in crate::wawp) timestamp: Option<Number>,
    pub(in crate::wawp) session: Option<Text>,
    pub(in crate::wawp) metadata: Option<Raw>,
    pub(in crate::wawp) me: Option<Me>,
    pub(in crate::wawp) engine: Option<Engine>,
    pub(in crate::wawp) environment: Option<Environment>,
    pub(in crate::wawp) name: Option<EventName>,
    /// There if the name is known.
    pub(in crate::wawp) payload: Option<Payload>,
    /// Of the old flat form: the session.
    pub(in crate::wawp) instance_id: Option<Text>,
    /// Of the old flat form: seconds.
    pub(in crate::wawp) ts: Option<Number>,
}

object! {
    /// The members that tell something of an item that could not be typed, each as it is.
    #[expect(unreachable_pub, reason = "the macro's visibility")]
    pub struct Outline {
        /// The name.
        event: Option<Raw> = "event",
        /// The payload.
        payload: Option<Raw> = "payload",
        /// When.
        timestamp: Option<Raw> = "timestamp",
        /// Which session.
        session: Option<Raw> = "session",
        /// Whose session.
        me: Option<Raw> = "me",
        /// Of the old flat form: the session.
        instance_id: Option<Raw> = "instance_id",
        /// Of the old flat form: seconds.
        ts: Option<Raw> = "ts",
    }
}

/// Reads one envelope.
///
/// # Errors
///
/// Where a member has a type that it cannot have, or a name that is known comes without a payload.
pub(in crate::wawp) fn read<V>(json: &[u8], then: impl FnOnce(Result<&mut Envelope, ReadError>) -> V) -> V {
    read_borrowed(&Reading, json, then)
}

struct Reading;

impl Fill for Reading {
    type Target<'de> = Envelope;

    fn fill<'de, D: Deserializer<'de>>(&self, envelope: &mut Envelope, json: D) -> Result<(), D::Error> {
        json.deserialize_map(Object(envelope))
    }
}

enum Member {
    Id,
    Timestamp,
    Event,
    Session,
    Metadata,
    Me,
    Payload,
    Engine,
    Environment,
    InstanceId,
    Ts,
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MemberVisitor;

        impl Visitor<'_> for MemberVisitor {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Member, E> {
                Ok(match name {
                    "id" => Member::Id,
                    "timestamp" => Member::Timestamp,
                    "event" => Member::Event,
                    "session" => Member::Session,
                    "metadata" => Member::Metadata,
                    "me" => Member::Me,
                    "payload" => Member::Payload,
                    "engine" => Member::Engine,
                    "environment" => Member::Environment,
                    "instance_id" => Member::InstanceId,
                    "ts" => Member::Ts,
                    _ => Member::Other,
                })
            }
        }

        deserializer.deserialize_identifier(MemberVisitor)
    }
}

impl Members for Envelope {
    fn fill<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        // A payload that stands before the name waits as text.
        let mut waiting: Option<&'de RawValue> = None;
        while let Some(member) = map.next_key()? {
            match member {
                Member::Id => first(&mut self.id, &mut map)?,
                Member::Timestamp => first(&mut self.timestamp, &mut map)?,
                Member::Event => first(&mut self.name, &mut map)?,
                Member::Session => first(&mut self.session, &mut map)?,
                Member::Metadata => first(&mut self.metadata, &mut map)?,
                Member::Me => first(&mut self.me, &mut map)?,
                Member::Engine => first(&mut self.engine, &mut map)?,
                Member::Environment => first(&mut self.environment, &mut map)?,
                Member::InstanceId => first(&mut self.instance_id, &mut map)?,
                Member::Ts => first(&mut self.ts, &mut map)?,
                Member::Payload => match &self.name {
                    _ if self.payload.is_some() || waiting.is_some() => {
                        map.next_value::<IgnoredAny>()?;
                    }
                    Some(name) => self.payload = Payload::of_member(name, &mut map)?,
                    None => waiting = map.next_value()?,
                },
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let (Some(name), Some(json), None) = (&self.name, waiting, &self.payload) {
            // The path is found by whoever asks for it, see `parse`.
            self.payload =
                Payload::of_json(name, json.get().as_bytes()).map_err(|_| Error::custom("payload"))?;
        }
        match (&self.name, &self.payload) {
            (None | Some(EventName::Unknown(_)), _) | (_, Some(_)) => Ok(()),
            (Some(_), None) => Err(Error::missing_field("payload")),
        }
    }
}

/// Of two equal members the first counts.
fn first<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    let value = Slot::read(map)?;
    if slot.is_none() {
        *slot = value;
    }
    Ok(())
}
