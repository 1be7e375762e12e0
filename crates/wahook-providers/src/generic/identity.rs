//! Who and where, from the texts that a configuration points at (N5).

use wahook_core::{
    json::Text,
    model::{Chat, Identity},
};

use super::{
    fields::Fields,
    reader::Reader,
    settings::{Digits, MessageIds},
};

impl Reader {
    /// An address or a phone number with `+`. Nothing but digits is a phone number only where the configuration says so.
    pub(super) fn identity(&self, address: Text) -> Option<Identity> {
        if self.is_opaque(&address) {
            return Some(Identity {
                raw: Some(address),
                ..Identity::default()
            });
        }
        Identity::from_address(address)
    }

    pub(super) fn sender(&self, fields: &mut Fields) -> Option<Identity> {
        let also = fields.sender_also.take().filter(|also| !self.is_opaque(also));
        let mut identity = match fields.sender.take() {
            Some(address) => self.identity(address)?.also(also.as_deref()),
            None => also.and_then(Identity::from_address).unwrap_or_default(),
        }
        .named(fields.sender_name.take());
        identity.bsuid = fields.sender_bsuid.take();
        identity.username = fields.sender_username.take();
        (identity != Identity::default()).then_some(identity)
    }

    pub(super) fn recipient(&self, fields: &mut Fields) -> Option<Identity> {
        self.identity(fields.recipient.take()?)
    }

    /// The chat that was told, or the conversation with this person.
    pub(super) fn chat(&self, fields: &mut Fields, person: Option<&Identity>) -> Option<Chat> {
        let mut chat = match fields.chat.take() {
            Some(id) if self.is_opaque(&id) => Chat::opaque(id),
            Some(id) => Chat::from_address(id)?,
            None => Chat::with(person?),
        };
        chat.name = fields.chat_name.take();
        Some(chat)
    }

    fn is_opaque(&self, text: &str) -> bool {
        self.digits == Digits::Id && text.trim().bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The bare id: one message may come under two spellings of its chat, so only this is compared (G10).
    pub(super) fn message_id(&self, id: Text) -> Text {
        match self.message_ids {
            MessageIds::Whole => id,
            MessageIds::Bare => match bare(&id) {
                Some(bare) => Text::from(bare),
                None => id,
            },
        }
    }
}

/// The id of `true_<chat>_<id>` or `<chat>_<id>`, with or without `_<participant>` behind it: what follows the first
/// address (WAHA documentation on events, 2026-07; UltraMsg writes the same).
fn bare(id: &str) -> Option<&str> {
    let rest = match id.split_once('_')? {
        ("true" | "false", rest) => rest,
        _ => id,
    };
    let (chat, rest) = rest.split_once('_')?;
    let bare = rest.split_once('_').map_or(rest, |(bare, _)| bare);
    (chat.contains('@') && !bare.is_empty()).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_a_message_id_is_bare() {
        for id in [
            "true_15550000001@c.us_3EB0AA",
            "false_100000000000001@lid_3EB0AA",
            "15550000001@c.us_3EB0AA",
            "false_120363000000000001@g.us_3EB0AA_15550000001@c.us",
        ] {
            assert_eq!(bare(id), Some("3EB0AA"), "{id}");
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
            assert_eq!(bare(id), None, "{id}");
        }
    }
}
