//! Who and where: the same members mean different things in different engines.

use wahook_core::{
    Jid, JidKind,
    json::Text,
    model::{Chat, Identity},
};

use super::super::{
    event::{Hint, Hints, Me},
    id::MessageId,
};

/// Whose account it is, from `me`.
pub(in crate::wawp) fn identity_of(me: Option<&Me>) -> Option<Identity> {
    let me = me?;
    let [id, lid, jid] = [&me.id, &me.lid, &me.jid].map(|text| super::filled(text.as_ref()));
    let identity = Identity::from_address(id.or(jid).or(lid)?)?.also(jid).also(lid);
    // `~` is what an account without a name has (WAHA, 2026-07).
    let name = super::filled(me.push_name.as_ref()).filter(|name| *name != "~");
    Some(identity.named(name.map(str::to_owned)))
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
    pub(super) hints: &'a Hints,
}

impl<'a> Ends<'a> {
    /// From what a payload has; empty texts count as missing.
    pub(super) fn new(
        me: Option<&'a Identity>,
        hints: &'a Hints,
        id: Option<&'a Text>,
        from_me: Option<bool>,
        [from, to, participant]: [Option<&'a Text>; 3],
    ) -> Self {
        let id = super::filled(id).map(MessageId::parse);
        Self {
            me,
            from_me: from_me.or_else(|| id.and_then(|id| id.from_me)),
            from: super::filled(from),
            to: super::filled(to),
            participant: super::filled(participant),
            id,
            hints,
        }
    }

    /// The address of the conversation.
    ///
    /// `from` is always the chat in NOWEB and GOWS; in WEBJS it is the account for own messages, and `to` is the chat
    /// (WAHA 2026.2.1). The engine's name is only a hint, so the addresses themselves decide.
    pub(super) fn chat_address(&self) -> Option<&'a str> {
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

    /// The conversation.
    pub(super) fn chat(&self) -> Option<Chat> {
        let mut chat = Chat::from_address(self.chat_address()?)?;
        if let Some(lid) = chat.lid.as_deref() {
            let other = with_phone(Identity::from_address(lid)?, self.chat_alternatives());
            chat.phone = other.phone;
            chat.jid = other.jid;
        }
        Some(chat)
    }

    /// Who said it.
    pub(super) fn sender(&self) -> Option<Identity> {
        let chat = self.chat_address();
        if self.from_me == Some(true) {
            let from = self.from.filter(|from| Some(*from) != chat);
            return self
                .me
                .cloned()
                .or_else(|| self.person(from.or(self.participant)?));
        }
        let in_id = self.id.and_then(|id| id.participant);
        let person = match chat {
            Some(chat) if is_shared(chat) => self.participant.or(in_id).or_else(|| {
                // In a channel the channel itself speaks.
                (Jid::parse(chat)?.kind() == JidKind::Newsletter).then_some(chat)
            }),
            chat => chat,
        };
        let person = self.person(person?)?;
        Some(with_phone(person, self.sender_alternatives()).named(self.hints.name().map(str::to_owned)))
    }

    /// To whom it was said; nobody in particular where many read.
    pub(super) fn recipient(&self) -> Option<Identity> {
        let chat = self.chat_address().filter(|chat| !is_shared(chat))?;
        if self.from_me == Some(true) {
            Some(with_phone(self.person(chat)?, self.chat_alternatives()))
        } else {
            self.me.cloned().or_else(|| self.person(self.to?))
        }
    }

    /// An address of a person; `me` is the account.
    pub(super) fn person(&self, address: &str) -> Option<Identity> {
        if address == "me" || self.is_me(address) {
            return self.me.cloned().or_else(|| Identity::from_address(address));
        }
        Identity::from_address(address)
    }

    /// Whether many read there.
    pub(super) fn is_shared(&self) -> bool {
        self.chat_address().is_some_and(is_shared)
    }

    /// Whether an address is the account's.
    pub(super) fn is_me(&self, address: &str) -> bool {
        let Some((me, jid)) = self.me.zip(Jid::parse(address)) else {
            return address == "me";
        };
        let jid = jid.to_string();
        me.jid.as_deref() == Some(&jid) || me.lid.as_deref() == Some(&jid)
    }

    fn sender_alternatives(&self) -> [&'a Hint; 4] {
        let Hints {
            key,
            info,
            sender_alt,
            ..
        } = self.hints;
        // In a group the address beside `remoteJid` is the group's.
        let chat = if self.is_shared() {
            &key.participant_alt
        } else {
            &key.remote_jid_alt
        };
        [&info.sender_alt, sender_alt, &key.participant_alt, chat]
    }

    fn chat_alternatives(&self) -> [&'a Hint; 4] {
        if self.from_me == Some(true) {
            let chat = &self.hints.key.remote_jid_alt;
            let recipient = &self.hints.info.recipient_alt;
            [recipient, chat, chat, chat]
        } else {
            self.sender_alternatives()
        }
    }
}

/// Fills in the phone number of who has only a hidden id, from the first address that is one: the other address may
/// itself be hidden, or empty (seen in a public receiver, 2026).
fn with_phone(identity: Identity, alternatives: [&Hint; 4]) -> Identity {
    if identity.phone.is_some() {
        return identity;
    }
    let address = alternatives
        .into_iter()
        .filter_map(Hint::text)
        .find(|text| is_person(text));
    identity.also(address)
}

/// As [`with_phone`], for the one other address that some payloads have.
pub(super) fn beside(identity: Identity, other: Option<&str>) -> Identity {
    identity.also(other.filter(|text| is_person(text)))
}

fn is_person(address: &str) -> bool {
    Jid::parse(address).is_some_and(|jid| jid.kind() == JidKind::User)
}

/// Whether many read there: a group, a channel, a broadcast list, the stories.
pub(super) fn is_shared(address: &str) -> bool {
    ["@g.us", "@newsletter", "@broadcast"]
        .iter()
        .any(|server| address.ends_with(server))
}

fn same(left: &str, right: &str) -> bool {
    left == right
        || Jid::parse(left)
            .zip(Jid::parse(right))
            .is_some_and(|(left, right)| left.to_string() == right.to_string())
}
