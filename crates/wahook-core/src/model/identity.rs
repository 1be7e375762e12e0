//! Who and where (N5).

use super::data;
use crate::json::Text;
use crate::{
    jid::{self, Jid, JidKind},
    words::words,
};

data! {
    #[derive(Eq)]
    /// Somebody. Everything is optional, at least one field is set; a hidden id never becomes a phone number.
    pub struct Identity {
        /// E.164 with `+`.
        pub phone: Option<Text>,
        /// WhatsApp address, without a device part.
        pub jid: Option<Text>,
        /// Hidden id, `…@lid`.
        pub lid: Option<Text>,
        /// Business-scoped user id of Meta.
        pub bsuid: Option<Text>,
        /// Username.
        pub username: Option<Text>,
        /// Display name, as the person or the address book has it.
        pub name: Option<Text>,
        /// The text as sent.
        pub raw: Option<Text>,
    }

    /// Where a conversation takes place.
    pub struct Chat {
        /// What it is.
        #[serde(rename = "type")]
        pub kind: ChatType,
        /// The provider's own text for it.
        pub id: Option<Text>,
        /// WhatsApp address, without a device part.
        pub jid: Option<Text>,
        /// Hidden id, `…@lid`.
        pub lid: Option<Text>,
        /// E.164 with `+`.
        pub phone: Option<Text>,
        /// Its name.
        pub name: Option<Text>,
    }
}

words! {
    /// What a chat is.
    pub enum ChatType {
        /// One person.
        User = "user",
        /// A group.
        Group = "group",
        /// A channel.
        Newsletter = "newsletter",
        /// A broadcast list.
        Broadcast = "broadcast",
        /// The stories.
        Status = "status",
    }
}

impl Identity {
    /// Reads an address or a phone number as a provider sent it; `None` for an empty text. A [`Text`] is kept, not copied.
    ///
    /// ```
    /// use wahook_core::model::Identity;
    ///
    /// let hidden = Identity::from_address("100000000000001@lid").unwrap();
    /// assert_eq!((hidden.lid.as_deref(), hidden.phone), (Some("100000000000001@lid"), None));
    ///
    /// let person = Identity::from_address("15550000001@c.us").unwrap();
    /// assert_eq!(person.phone.as_deref(), Some("+15550000001"));
    /// ```
    #[must_use]
    pub fn from_address(text: impl Into<Text>) -> Option<Self> {
        let mut identity = Self::default();
        identity.set_address(text);
        identity.raw.is_some().then_some(identity)
    }

    /// As [`from_address`](Self::from_address), in a place of its own: it is large to move.
    #[must_use]
    pub fn boxed_address(text: impl Into<Text>) -> Option<Box<Self>> {
        let mut identity = Box::<Self>::default();
        identity.set_address(text);
        identity.raw.is_some().then_some(identity)
    }

    /// Puts an address or a phone number in the place of the one that is there: number, addresses and the text as sent. Names
    /// stay; a text without anything in it changes nothing.
    ///
    /// ```
    /// use wahook_core::model::Identity;
    ///
    /// let mut person = Identity::default().named(Some("Ada".into()));
    /// person.set_address("15550000001@c.us");
    /// person.set_address("100000000000001@lid");
    /// person.set_address(" ");
    /// assert_eq!(Some(person), Identity::from_address("100000000000001@lid").map(|it| it.named(Some("Ada".into()))));
    /// ```
    pub fn set_address(&mut self, text: impl Into<Text>) {
        self.set_kind(text.into());
    }

    /// And what the address stands for, if it is one and not a bare number.
    fn set_kind(&mut self, raw: Text) -> Option<JidKind> {
        // A phone number as such is the usual text that is no address.
        let phone = jid::phone(&raw);
        if phone.is_some() {
            (self.phone, self.jid, self.lid, self.raw) = (phone, None, None, Some(raw));
            return None;
        }
        let bare = raw.trim();
        if bare.is_empty() {
            return None;
        }
        (self.phone, self.jid, self.lid) = (None, None, None);
        let jid = Jid::parse(&raw);
        let kind = jid.as_ref().map(Jid::kind);
        match jid {
            Some(jid) if kind == Some(JidKind::Lid) => self.lid = Some(jid.to_text()),
            Some(jid) => {
                self.phone = jid.phone();
                self.jid = Some(jid.to_text());
            }
            None => self.phone = jid::phone(bare),
        }
        self.raw = Some(raw);
        kind
    }

    /// With a display name, unless it is empty.
    #[must_use]
    pub fn named(mut self, name: Option<Text>) -> Self {
        self.name = name.filter(|name| !name.is_empty());
        self
    }

    /// Fills what is missing from another address of the same person, such as the phone number beside a hidden id.
    #[must_use]
    pub fn also(mut self, address: Option<&str>) -> Self {
        let Some(other) = address.and_then(Self::from_address) else {
            return self;
        };
        self.phone = self.phone.or(other.phone);
        self.jid = self.jid.or(other.jid);
        self.lid = self.lid.or(other.lid);
        self
    }

    /// The most stable text for it, for event keys: what was sent, devices split off.
    #[must_use]
    pub fn key_text(&self) -> Option<&str> {
        [
            &self.lid,
            &self.jid,
            &self.bsuid,
            &self.phone,
            &self.username,
            &self.raw,
        ]
        .into_iter()
        .find_map(|text| text.as_deref())
    }
}

impl Chat {
    /// Reads an address or a phone number as a provider sent it; `None` for an empty text.
    #[must_use]
    pub fn from_address(text: impl Into<Text>) -> Option<Self> {
        let mut identity = Identity::default();
        let kind = identity.set_kind(text.into());
        identity.raw.as_ref()?;
        let kind = match kind {
            Some(JidKind::User | JidKind::Lid) => ChatType::User,
            Some(JidKind::Group) => ChatType::Group,
            Some(JidKind::Newsletter) => ChatType::Newsletter,
            Some(JidKind::Broadcast) => ChatType::Broadcast,
            Some(JidKind::Status) => ChatType::Status,
            None if identity.phone.is_some() => ChatType::User,
            Some(JidKind::Unknown) | None => ChatType::Unknown,
        };
        Some(Self {
            kind,
            id: identity.raw,
            jid: identity.jid,
            lid: identity.lid,
            phone: identity.phone,
            name: None,
        })
    }

    /// The conversation with one person, whom the provider names by phone number or address.
    #[must_use]
    pub fn with(person: &Identity) -> Self {
        if person.jid.is_some() || person.lid.is_some() {
            return person
                .raw
                .as_deref()
                .and_then(Self::from_address)
                .unwrap_or_default();
        }
        Self {
            kind: if person.phone.is_some() {
                ChatType::User
            } else {
                ChatType::Unknown
            },
            id: person.raw.clone(),
            phone: person.phone.clone(),
            ..Self::default()
        }
    }

    /// A conversation of which only the provider's own id is known.
    #[must_use]
    pub fn opaque(id: impl Into<Text>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }
}
