//! The fields that a configuration can point at: one table.

use serde::Deserialize;
use wahook_core::{BuildError, json::Text};

use super::place::{Got, Place, Plans, Rules, Values};

macro_rules! fields {
    (texts { $($(#[$doc:meta])* $field:ident = $name:literal),+ $(,)? } lists { $($(#[$list_doc:meta])* $list:ident),+ $(,)? }) => {
        /// Where each field stands, as configuration has it.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct FieldPaths {
            $(#[serde(rename = $name)] $field: Option<String>,)+
            $($list: Option<String>,)+
        }

        /// Where each field stands.
        #[derive(Clone, Debug, Default)]
        pub(super) struct FieldPlaces { $(pub(super) $field: Option<Place>,)+ $($list: Option<Place>,)+ }

        /// What stands there.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Fields {
            $($(#[$doc])* pub $field: Option<Text>,)+
            $($(#[$list_doc])* pub $list: Vec<Text>,)+
        }

        /// The names in configuration.
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name,)+ $(stringify!($list)),+];

        impl FieldPaths {
            /// Each field is the member of that name.
            pub(super) fn plain() -> Self {
                Self {
                    $($field: Some(concat!("/", $name).to_owned()),)+
                    $($list: Some(concat!("/", stringify!($list)).to_owned()),)+
                }
            }

            pub(super) fn compile(&self, types: &[&str], plans: &mut Plans) -> Result<FieldPlaces, BuildError> {
                let mut place = |name: &str, text: &Option<String>, many| {
                    let rules = Rules { name, types, event: true, many };
                    text.as_deref().map(|text| Place::parse(text, rules, plans)).transpose()
                };
                Ok(FieldPlaces {
                    $($field: place($name, &self.$field, false)?,)+
                    $($list: place(stringify!($list), &self.$list, true)?,)+
                })
            }
        }

        impl FieldPlaces {
            /// Filled where it stays: it is large to move.
            pub(super) fn read(&self, values: Values<'_>) -> Box<Fields> {
                let mut fields = Box::<Fields>::default();
                $(if let Some(place) = there(self.$field.as_ref(), values) {
                    keep(&mut fields.$field, place, values);
                })+
                $(if let Some(place) = there(self.$list.as_ref(), values) {
                    fields.$list = list(place, values);
                })+
                fields
            }
        }
    };
}

fields! {
    texts {
        /// The message's own id.
        message_id = "message_id",
        /// The message that is meant: reacted to, changed, taken back, voted in.
        target_message_id = "target_message_id",
        /// Where it was said: the address or the provider's own id of a chat or group.
        chat = "chat",
        /// The name of the chat.
        chat_name = "chat_name",
        /// Who said or did it.
        sender = "sender",
        /// Another address of the same person, such as the phone number beside a hidden id.
        sender_also = "sender_also",
        /// The display name of the sender.
        sender_name = "sender_name",
        /// Meta's business-scoped id of the sender.
        sender_bsuid = "sender_bsuid",
        /// The username of the sender.
        sender_username = "sender_username",
        /// To whom.
        recipient = "recipient",
        /// Whether the account itself wrote it: true or false.
        from_me = "from_me",
        /// `inbound` or `outbound`, or a word that `states` maps to one of them.
        direction = "direction",
        /// The type of the message; `types` maps it.
        content_type = "type",
        /// The text, or the text below a file.
        text = "text",
        /// The text below a file, where it stands elsewhere than the text.
        caption = "caption",
        /// The provider's id of a file.
        media_id = "media_id",
        /// Where a file is.
        media_url = "media_url",
        /// The media type of a file.
        media_mime_type = "media_mime_type",
        /// The name of a file.
        media_filename = "media_filename",
        /// Its size in bytes.
        media_size = "media_size",
        /// Its SHA-256, as the provider writes it.
        media_sha256 = "media_sha256",
        /// Degrees.
        latitude = "latitude",
        /// Degrees.
        longitude = "longitude",
        /// The name of a place.
        location_name = "location_name",
        /// The address of a place.
        location_address = "location_address",
        /// The id of a choice from buttons, a list or a form.
        reply_id = "reply_id",
        /// The text of that choice.
        title = "title",
        /// The message that is answered.
        reply_to = "reply_to",
        /// Whether it was forwarded: true or false.
        forwarded = "forwarded",
        /// How far a message has come, the state of a session, what happened in a call or a group; `states` maps it.
        state = "state",
        /// Why.
        reason = "reason",
        /// The code of an error.
        error_code = "error_code",
        /// A short text of an error.
        error_title = "error_title",
        /// A long text of an error.
        error_detail = "error_detail",
        /// The emoji of a reaction; empty or missing if it was taken back.
        emoji = "emoji",
        /// What a changed message said before.
        previous_text = "previous_text",
        /// The provider's id of the call, contact, label, template or order.
        object_id = "object_id",
        /// The name of the label, template or group.
        name = "name",
        /// The description of a group.
        description = "description",
        /// Whether a call has pictures: true or false.
        video = "video",
    }
    lists {
        /// What was chosen in a poll.
        options,
        /// Whom it happened to in a group.
        participants,
    }
}

/// A place at which something may stand.
#[inline]
fn there<'a>(place: Option<&'a Place>, values: Values<'_>) -> Option<&'a Place> {
    place.filter(|place| !place.is_bare(values))
}

/// Once for all fields: written out for each, it would be more than the processor keeps at hand.
#[inline(never)]
fn keep(field: &mut Option<Text>, place: &Place, values: Values<'_>) {
    // Nothing is in it yet; to know that spares it to let go of what was.
    if let (None, Some(text)) = (&field, place.text(values)) {
        *field = Some(text.into());
    }
}

fn list(place: &Place, values: Values<'_>) -> Vec<Text> {
    match place.get(values) {
        Got::List(list) => list
            .iter()
            .map(|text| text.as_str())
            .filter(|text| !text.is_empty())
            .map(Text::from)
            .collect(),
        Got::Text(text) => vec![Text::from(text)],
        Got::Absent | Got::Wrong(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manual_has_every_field() {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/generic.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        for name in super::NAMES {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }
}
