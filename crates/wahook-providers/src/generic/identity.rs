//! Who and where, from the texts that a configuration points at (N5).

use std::mem;

use wahook_core::{
    json::Text,
    model::{Chat, ChatType, Identity},
    phone,
};

use super::{
    fields::Fields,
    reader::Reader,
    settings::{Digits, MessageIds},
};

impl Reader {
    /// An address or a phone number with `+`. Nothing but digits is a phone number only where the configuration says so.
    pub(super) fn identity(&self, address: Text) -> Option<Identity> {
        let mut person = None;
        self.person(&mut person, address);
        person
    }

    /// The same, put where it stays: it is large to move.
    fn person(&self, place: &mut Option<Identity>, address: Text) {
        let identity = place.insert(Identity::default());
        if self.is_opaque(&address) {
            identity.raw = Some(address);
        } else if let Some(phone) = phone_of(&address) {
            identity.phone = Some(phone);
            identity.jid = Some(address.clone());
            identity.raw = Some(address);
        } else {
            identity.set_address(address);
            if identity.raw.is_none() {
                *place = None;
            }
        }
    }

    pub(super) fn sender(&self, place: &mut Option<Identity>, fields: &mut Fields) {
        let also = fields.sender_also.take().filter(|also| !self.is_opaque(also));
        if let Some(address) = fields.sender.take() {
            self.person(place, address);
            let Some(identity) = place else {
                return;
            };
            if let Some(also) = also {
                *identity = mem::take(identity).also(Some(&also));
            }
        } else if let Some(also) = also {
            *place = Identity::from_address(also);
        }
        let identity = place.get_or_insert_default();
        identity.name = fields.sender_name.take().and_then(Text::non_empty);
        identity.bsuid = fields.sender_bsuid.take();
        identity.username = fields.sender_username.take();
        if identity.raw.is_none() && *identity == Identity::default() {
            *place = None;
        }
    }

    pub(super) fn recipient(&self, place: &mut Option<Identity>, fields: &mut Fields) {
        if let Some(address) = fields.recipient.take() {
            self.person(place, address);
        }
    }

    /// The chat that was told, else the one in the message's id, else the conversation with this person.
    pub(super) fn chat(
        &self,
        fields: &mut Fields,
        id: Option<&SplitId>,
        person: Option<&Identity>,
    ) -> Option<Chat> {
        let told = fields.chat.take().or_else(|| id?.chat.clone());
        let mut chat = match told {
            Some(id) if self.is_opaque(&id) => Chat::opaque(id),
            Some(id) => match known(&id, person).or_else(|| phone_of(&id)) {
                Some(phone) => conversation(id, phone),
                None => Chat::from_address(id)?,
            },
            None => {
                let person = person?;
                match &person.raw {
                    Some(raw) if let Some(phone) = known(raw, Some(person)) => {
                        conversation(raw.clone(), phone)
                    }
                    _ => Chat::with(person),
                }
            }
        };
        chat.name = fields.chat_name.take();
        Some(chat)
    }

    /// The other person of a conversation of two.
    pub(super) fn partner(&self, chat: Option<&Chat>) -> Option<Identity> {
        let chat = chat.filter(|chat| chat.kind == ChatType::User)?;
        self.identity(chat.id.clone()?)
    }

    fn is_opaque(&self, text: &str) -> bool {
        self.digits == Digits::Id && text.trim().bytes().all(|byte| byte.is_ascii_digit())
    }

    /// A message id, split where the configuration says that it holds more than the id.
    pub(super) fn split_id(&self, id: Text) -> SplitId {
        let split = match self.message_ids {
            MessageIds::Whole => None,
            MessageIds::Bare => split(&id),
        };
        match split {
            Some((from_me, chat, bare)) => SplitId {
                from_me,
                chat: Some(chat.into()),
                bare: bare.into(),
            },
            None => SplitId {
                from_me: None,
                chat: None,
                bare: id,
            },
        }
    }

    /// Whether an id says that the account itself wrote it.
    pub(super) fn own_by_id(&self, id: &str) -> Option<bool> {
        match self.message_ids {
            MessageIds::Whole => None,
            MessageIds::Bare => split(id)?.0,
        }
    }
}

/// The phone number of an address that is written as we write it, `15550000001@c.us`: most are, and it is much less work
/// than to take one apart and to put it together again.
fn phone_of(address: &str) -> Option<Text> {
    let digits = address.strip_suffix(PERSON)?;
    // With a plus it is a phone number as well, and another address.
    phone(digits).filter(|_| !digits.starts_with('+'))
}

/// As [`phone_of`], where it is the address of this person, so that the number is known.
fn known(address: &str, person: Option<&Identity>) -> Option<Text> {
    let person = person.filter(|person| person.jid.as_deref() == Some(address))?;
    let phone = person.phone.as_ref()?;
    (phone.strip_prefix('+')? == address.strip_suffix(PERSON)?).then(|| phone.clone())
}

/// The conversation with one person, by such an address.
fn conversation(address: Text, phone: Text) -> Chat {
    Chat {
        kind: ChatType::User,
        jid: Some(address.clone()),
        id: Some(address),
        phone: Some(phone),
        ..Chat::default()
    }
}

const PERSON: &str = "@c.us";

/// Whether nothing but a name or the like is known of somebody.
pub(super) fn is_nobody(identity: &Identity) -> bool {
    identity.raw.is_none() && identity.lid.is_none() && identity.jid.is_none() && identity.phone.is_none()
}

/// An address, and what is known beside it.
pub(super) fn with(address: Identity, known: Option<Identity>) -> Identity {
    let known = known.unwrap_or_default();
    Identity {
        bsuid: known.bsuid,
        username: known.username,
        name: known.name,
        ..address
    }
}

/// A message id and what else it tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SplitId {
    pub(super) from_me: Option<bool>,
    pub(super) chat: Option<Text>,
    /// One message may come under two spellings of its chat, so only this is compared (G10).
    pub(super) bare: Text,
}

/// `true_<chat>_<id>` or `<chat>_<id>`, with or without `_<participant>` behind it (WAHA documentation on events, 2026-07;
/// UltraMsg writes the same).
fn split(id: &str) -> Option<(Option<bool>, &str, &str)> {
    let (first, rest) = id.split_once('_')?;
    let (from_me, rest) = match first {
        "true" => (Some(true), rest),
        "false" => (Some(false), rest),
        _ => (None, id),
    };
    let (chat, rest) = rest.split_once('_')?;
    let bare = rest.split_once('_').map_or(rest, |(bare, _)| bare);
    (chat.contains('@') && !bare.is_empty()).then_some((from_me, chat, bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n5_an_address_as_we_write_it_is_read_as_any_other() {
        for text in [
            "15550000001@c.us",
            "+15550000001@c.us",
            "0@c.us",
            "01555@c.us",
            "1555@c.us",
            "15550@c.us ",
            "15550000001:2@c.us",
            "15550000001.2@c.us",
            "1555000000100000@c.us",
            "15550000001@s.whatsapp.net",
            "15550000001@lid",
            "a@15550000001@c.us",
            "@c.us",
        ] {
            let (chat, identity) = (Chat::from_address(text), Identity::from_address(text));
            if let Some(phone) = phone_of(text) {
                assert_eq!(chat, Some(conversation(text.into(), phone)), "{text}");
            }
            let person = identity.clone().unwrap_or_default();
            if let Some(phone) = known(text, Some(&person)) {
                assert_eq!(chat, Some(conversation(text.into(), phone.clone())), "{text}");
                assert_eq!(Chat::with(&person), conversation(text.into(), phone), "{text}");
            }
        }
        assert!(phone_of("15550000001@c.us").is_some());
    }

    #[test]
    fn g10_every_spelling_of_a_message_id_has_the_same_bare_id() {
        for id in [
            "true_15550000001@c.us_3EB0AA",
            "false_100000000000001@lid_3EB0AA",
            "15550000001@c.us_3EB0AA",
            "false_120363000000000001@g.us_3EB0AA_15550000001@c.us",
        ] {
            assert_eq!(split(id).unwrap().2, "3EB0AA", "{id}");
        }
        for id in [
            "3EB0AA",
            "wamid.HBg_x",
            "true_x",
            "",
            "_",
            "false_1@c.us",
            "true_1@c.us_",
        ] {
            assert_eq!(split(id), None, "{id}");
        }
    }
}
