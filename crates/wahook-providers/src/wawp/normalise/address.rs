//! Who and where: the same members mean different things in different engines.
//!
//! Addresses are compared as they stand, without taking them apart into texts of their own: a message has half a dozen.

use wahook_core::{
    json::Text,
    model::{Chat, ChatType, Identity},
};

use super::super::{
    event::{EngineData, Hint, Me},
    id::MessageId,
};

/// Whose account it is, from `me`.
pub(in crate::wawp) fn identity_of(me: Option<&Me>) -> Option<Identity> {
    let me = me?;
    let [id, lid, jid] = [&me.id, &me.lid, &me.jid].map(|text| super::filled(text.as_ref()));
    let mut whole = identity(id.or(jid).or(lid)?)?;
    if whole.lid.is_none() {
        whole.lid = lid.and_then(identity).and_then(|lid| lid.lid);
    }
    if whole.jid.is_none() {
        whole = whole.also(jid);
    }
    // `~` is what an account without a name has (WAHA, 2026-07).
    let name = super::filled(me.push_name.as_ref()).filter(|name| *name != "~");
    Some(whole.named(name.map(Text::from)))
}

/// Reads an address. The spellings that nearly every message has need no taking apart; the rest is the model's.
fn identity(address: &str) -> Option<Identity> {
    let plain =
        |user: &str| !user.is_empty() && user.len() <= 32 && user.bytes().all(|byte| byte.is_ascii_digit());
    let mut identity = Identity::default();
    match split(address) {
        Some((user, "c.us")) if plain(user) => {
            identity.phone = wahook_core::phone(user);
            identity.jid = Some(address.into());
        }
        Some((user, "lid")) if plain(user) => identity.lid = Some(address.into()),
        Some((user, "g.us")) if plain(user) => identity.jid = Some(address.into()),
        _ => return Identity::from_address(address),
    }
    identity.raw = Some(address.into());
    Some(identity)
}

/// The ends of a message, as its payload names them.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) me: Option<&'a Identity>,
    pub(super) from_me: Option<bool>,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) participant: Option<&'a str>,
    pub(super) id: Option<MessageId<'a>>,
    hints: &'a EngineData,
    /// The address of the conversation.
    place: Option<&'a str>,
}

/// Where a message was said, by whom, and to whom.
#[derive(Default)]
pub(super) struct Who {
    pub(super) chat: Option<Chat>,
    pub(super) sender: Option<Identity>,
    pub(super) recipient: Option<Identity>,
}

impl<'a> Ends<'a> {
    /// From what a payload has; empty texts count as missing.
    pub(super) fn new(
        me: Option<&'a Identity>,
        hints: &'a EngineData,
        id: Option<&'a Text>,
        from_me: Option<bool>,
        [from, to, participant]: [Option<&'a Text>; 3],
    ) -> Self {
        let id = super::filled(id).map(MessageId::parse);
        let mut this = Self {
            me,
            from_me: from_me.or_else(|| id.and_then(|id| id.from_me)),
            from: super::filled(from),
            to: super::filled(to),
            participant: super::filled(participant),
            id,
            hints,
            place: None,
        };
        this.place = this.find_place();
        this
    }

    /// `from` is always the chat in NOWEB and GOWS; in WEBJS it is the account for own messages, and `to` is the chat
    /// (WAHA 2026.2.1). The engine's name is only a hint, so the addresses themselves decide.
    fn find_place(&self) -> Option<&'a str> {
        let in_id = self.id.and_then(|id| id.chat).filter(|chat| *chat != "me");
        let Some(from) = self.from else {
            return in_id.or(self.to.filter(|_| self.from_me == Some(true)));
        };
        if is_shared(from) {
            return Some(from);
        }
        if self.is_me(from) {
            return self.to.or(in_id).or(Some(from));
        }
        match (self.to, in_id) {
            (Some(to), Some(chat)) if self.from_me == Some(true) && same(to, chat) && !same(from, chat) => {
                Some(to)
            }
            _ => Some(from),
        }
    }

    /// The address of the conversation.
    pub(super) const fn chat_address(&self) -> Option<&'a str> {
        self.place
    }

    /// Whether many read there.
    pub(super) fn is_shared(&self) -> bool {
        self.place.is_some_and(is_shared)
    }

    /// The conversation.
    pub(super) fn chat(&self) -> Option<Chat> {
        self.chat_identity().as_ref().map(chat_of)
    }

    /// Who said it.
    pub(super) fn sender(&self) -> Option<Identity> {
        self.who().sender
    }

    /// All of it at once, since mostly one address is two of the three.
    pub(super) fn who(&self) -> Who {
        let place = self.chat_identity();
        let chat = place.as_ref().map(chat_of);
        let shared = self.is_shared();
        if self.from_me == Some(true) {
            let from = self.from.filter(|from| Some(*from) != self.place);
            let sender = self.me.cloned();
            let sender = sender.or_else(|| self.person(from.or(self.participant)?));
            let recipient = if shared {
                None
            } else {
                self.place.and_then(|chat| {
                    if self.is_me(chat) {
                        self.person(chat)
                    } else {
                        place
                    }
                })
            };
            return Who {
                chat,
                sender,
                recipient,
            };
        }
        let (sender, recipient) = if shared {
            let in_id = self.id.and_then(|id| id.participant);
            let person = self.participant.or(in_id).and_then(|person| self.person(person));
            // In a channel the channel itself speaks.
            let channel = |place: &Identity| {
                place
                    .jid
                    .as_deref()
                    .is_some_and(|jid| jid.ends_with("@newsletter"))
            };
            let person = person
                .map(|person| with_phone(person, self.sender_alternatives()))
                .or(place.filter(channel));
            (person, None)
        } else {
            let recipient = self.me.cloned().or_else(|| self.person(self.to?));
            let sender = match self.place {
                Some(chat) if self.is_me(chat) => self.person(chat),
                _ => place,
            };
            (sender, recipient)
        };
        let name = self.hints.name();
        let sender = sender.map(|sender| match name {
            Some(name) => sender.named(Some(name.into())),
            None => sender,
        });
        Who {
            chat,
            sender,
            recipient,
        }
    }

    /// An address of a person; `me` is the account.
    pub(super) fn person(&self, address: &str) -> Option<Identity> {
        if self.is_me(address) {
            return self.me.cloned().or_else(|| identity(address));
        }
        identity(address)
    }

    /// Whether an address is the account's.
    pub(super) fn is_me(&self, address: &str) -> bool {
        address == "me"
            || self.me.is_some_and(|me| {
                [&me.jid, &me.lid]
                    .into_iter()
                    .flatten()
                    .any(|own| same(own, address))
            })
    }

    /// The other address of a person in a receipt of GOWS. It is that of the receipt's sender, who may be the account.
    pub(super) fn beside_in_receipt(&self, address: &str) -> Option<&'a str> {
        let sender = self.hints.sender.text()?;
        same(sender, address).then_some(self.hints.sender_alt.text()?)
    }

    fn chat_identity(&self) -> Option<Identity> {
        Some(with_phone(identity(self.place?)?, self.chat_alternatives()))
    }

    fn sender_alternatives(&self) -> [&'a Hint; 3] {
        let EngineData { key, info, .. } = self.hints;
        // In a group the address beside `remoteJid` is the group's.
        let chat = if self.is_shared() {
            &key.participant_alt
        } else {
            &key.remote_jid_alt
        };
        [&info.sender_alt, &key.participant_alt, chat]
    }

    fn chat_alternatives(&self) -> [&'a Hint; 3] {
        if self.from_me == Some(true) {
            let chat = &self.hints.key.remote_jid_alt;
            [&self.hints.info.recipient_alt, chat, chat]
        } else {
            self.sender_alternatives()
        }
    }
}

fn chat_of(identity: &Identity) -> Chat {
    let jid = identity.jid.as_deref().unwrap_or_default();
    let kind = match split(jid) {
        _ if identity.lid.is_some() || identity.phone.is_some() => ChatType::User,
        Some((_, "c.us")) => ChatType::User,
        Some((_, "g.us")) => ChatType::Group,
        Some((_, "newsletter")) => ChatType::Newsletter,
        Some(("status", "broadcast")) => ChatType::Status,
        Some((_, "broadcast")) => ChatType::Broadcast,
        _ => ChatType::Unknown,
    };
    Chat {
        kind,
        id: identity.raw.clone(),
        jid: identity.jid.clone(),
        lid: identity.lid.clone(),
        phone: identity.phone.clone(),
        name: None,
    }
}

/// Fills in the phone number of who has only a hidden id, from the first address that is one: the other address may
/// itself be hidden, or empty (seen in a public receiver, 2026).
fn with_phone(mut hidden: Identity, alternatives: [&Hint; 3]) -> Identity {
    if hidden.lid.is_none() || hidden.phone.is_some() {
        return hidden;
    }
    let mut addresses = alternatives.into_iter().filter_map(Hint::text);
    if let Some(person) = addresses.find(|text| is_person(text)).and_then(identity) {
        hidden.phone = person.phone;
        hidden.jid = person.jid;
    }
    hidden
}

/// As [`with_phone`], for the one other address that some payloads have.
pub(super) fn beside(identity: Identity, other: Option<&str>) -> Identity {
    identity.also(other.filter(|text| is_person(text)))
}

fn is_person(address: &str) -> bool {
    address.ends_with("@s.whatsapp.net") || address.ends_with("@c.us")
}

/// Whether many read there: a group, a channel, a broadcast list, the stories.
pub(super) fn is_shared(address: &str) -> bool {
    ["@g.us", "@newsletter", "@broadcast"]
        .iter()
        .any(|server| address.ends_with(server))
}

/// Whether two addresses are one, whatever the device and the spelling of the server.
fn same(left: &str, right: &str) -> bool {
    // Most pairs differ in their first digits, and no number is so short that a device could stand among these.
    left == right
        || left.get(..4) == right.get(..4) && parts(left).is_some_and(|left| parts(right) == Some(left))
}

/// The two sides of the last `@`.
fn split(address: &str) -> Option<(&str, &str)> {
    // The server is short, so that a loop from the end is quicker than a search.
    let at = address.bytes().rposition(|byte| byte == b'@')?;
    Some((address.get(..at)?, address.get(at + 1..)?))
}

/// User and server, as [`wahook_core::Jid`] reads them.
fn parts(address: &str) -> Option<(&str, &str)> {
    let (user, server) = split(address)?;
    let device = user.bytes().rposition(|byte| byte == b':').filter(|at| *at > 0);
    let user = match device.and_then(|at| Some((user.get(..at)?, user.get(at + 1..)?))) {
        Some((user, device)) if device.parse::<u16>().is_ok() => user,
        _ => user,
    };
    let server = if server == "s.whatsapp.net" {
        "c.us"
    } else {
        server
    };
    Some((user, server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n5_the_short_way_reads_an_address_as_the_model_does() {
        for address in [
            "15550000002@c.us",
            "15550000002@s.whatsapp.net",
            "15550000002:7@c.us",
            "0@c.us",
            "123@c.us",
            "@c.us",
            "100000000000002@lid",
            "100000000000002:7@lid",
            "a@lid",
            "120363000000000001@g.us",
            "1555-1600@g.us",
            "120363000000000009@newsletter",
            "status@broadcast",
            "15550000002",
            "me",
            "",
            " ",
            "1555000000200000000@c.us",
        ] {
            assert_eq!(identity(address), Identity::from_address(address), "{address}");
            if let Some(identity) = identity(address) {
                assert_eq!(Some(chat_of(&identity)), Chat::from_address(address), "{address}");
            }
        }
    }
}
