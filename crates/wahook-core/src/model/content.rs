//! What a message contains: one content per event.

use crate::json::Text;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::data;
use crate::words::words;

/// What a message contains. A body that names its type but leaves the content out keeps the type and has null inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text(TextContent),
    /// A picture.
    Image(MediaContent),
    /// A film.
    Video(MediaContent),
    /// A sound file.
    Audio(MediaContent),
    /// A voice note.
    Voice(MediaContent),
    /// A file.
    Document(MediaContent),
    /// A sticker.
    Sticker(MediaContent),
    /// A place.
    Location(Location),
    /// Contact cards.
    Contacts(Contacts),
    /// A choice that the contact made from buttons, a list or a form.
    Interactive(Interactive),
    /// A template.
    Template(Template),
    /// A poll.
    Poll(Poll),
    /// An order.
    Order(Order),
    /// Something that WhatsApp itself says.
    System(System),
    /// There is content, and the provider could not or would not hand it out.
    Unavailable(Unavailable),
    /// A type without a neutral name.
    Unknown(UnknownContent),
}

impl Default for Content {
    fn default() -> Self {
        Self::Unknown(UnknownContent::default())
    }
}

impl Content {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(TextContent {
            text: Some(text.into()),
        })
    }

    /// There is content, and it was not handed out.
    #[must_use]
    pub fn unavailable(reason: impl Into<Text>) -> Self {
        Self::Unavailable(Unavailable {
            reason: Some(reason.into()),
        })
    }

    /// A type without a neutral name.
    #[must_use]
    pub fn unknown(raw_type: Option<Text>) -> Self {
        Self::Unknown(UnknownContent { raw_type })
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Content {
    /// A type of a later release reads as `unknown`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag {
            #[serde(rename = "type")]
            kind: Option<Text>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let mut json = serde_json::Deserializer::from_str(raw.get());
        match Self::deserialize(&mut json) {
            Ok(content) => Ok(content),
            Err(_) => {
                let tag: Tag = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
                Ok(Self::unknown(tag.kind))
            }
        }
    }
}

data! {
    /// Text.
    pub struct TextContent {
        /// The text; null where the provider leaves it out.
        pub text: Option<Text>,
    }

    /// A file with an optional text.
    pub struct MediaContent {
        /// The text below it.
        pub caption: Option<Text>,
        /// The file.
        pub media: Box<Media>,
    }

    /// A file, by reference: nothing is fetched.
    pub struct Media {
        /// The provider's id of it.
        pub id: Option<Text>,
        /// Where it is; may need the provider's credentials and may expire within minutes.
        pub url: Option<Text>,
        /// Media type.
        pub mime_type: Option<Text>,
        /// File name.
        pub filename: Option<Text>,
        /// Size in bytes.
        pub size: Option<u64>,
        /// SHA-256, as the provider writes it.
        pub sha256: Option<Text>,
        /// When the URL stops working.
        #[cfg_attr(feature = "schema", schemars(with = "Option<Text>", extend("format" = "date-time")))]
        pub expires_at: Option<jiff::Timestamp>,
        /// Why it could not be fetched by the provider.
        pub error: Option<Text>,
    }

    /// A place.
    pub struct Location {
        /// Degrees.
        pub latitude: Option<f64>,
        /// Degrees.
        pub longitude: Option<f64>,
        /// Its name.
        pub name: Option<Text>,
        /// Its address.
        pub address: Option<Text>,
        /// A link.
        pub url: Option<Text>,
        /// Whether it moves.
        pub live: Option<bool>,
    }

    /// Contact cards.
    pub struct Contacts {
        /// The cards.
        pub contacts: Vec<Contact>,
    }

    /// A contact card.
    pub struct Contact {
        /// Display name.
        pub name: Option<Text>,
        /// Phone numbers as written on the card.
        pub phones: Vec<Text>,
        /// The card as vCard text.
        pub vcard: Option<Text>,
    }

    /// A choice.
    pub struct Interactive {
        /// From what it was chosen.
        pub reply_type: ReplyType,
        /// The id of the choice.
        pub reply_id: Option<Text>,
        /// Its text.
        pub title: Option<Text>,
        /// The answers of a form, as the provider sent them.
        pub response: Option<BTreeMap<String, serde_json::Value>>,
    }

    /// A template.
    pub struct Template {
        /// Its name.
        pub name: Option<Text>,
        /// Its language, such as `pt_BR`.
        pub language: Option<Text>,
    }

    /// A poll.
    pub struct Poll {
        /// The question.
        pub name: Option<Text>,
        /// The choices.
        pub options: Vec<Text>,
        /// How many may be chosen; null or 0 for any number.
        pub selectable_count: Option<u32>,
    }

    /// An order.
    pub struct Order {
        /// The provider's id of it.
        pub order_id: Option<Text>,
        /// What is ordered.
        pub items: Vec<OrderItem>,
    }

    /// One line of an order.
    pub struct OrderItem {
        /// The seller's id of the product.
        pub product_id: Option<Text>,
        /// The product's name.
        pub name: Option<Text>,
        /// How many.
        pub quantity: Option<u64>,
        /// Price of one, as the provider writes it.
        pub price: Option<Text>,
        /// Currency code.
        pub currency: Option<Text>,
    }

    /// Something that WhatsApp itself says.
    pub struct System {
        /// The provider's name for what happened.
        pub subtype: Option<Text>,
        /// Its text.
        pub text: Option<Text>,
    }

    /// Content that was not handed out.
    pub struct Unavailable {
        /// Why: `not_decrypted`, `withheld`, `waiting`, or the provider's own word.
        pub reason: Option<Text>,
    }

    /// A type without a neutral name.
    pub struct UnknownContent {
        /// The provider's name for it.
        pub raw_type: Option<Text>,
    }
}

words! {
    /// From what a contact chose.
    pub enum ReplyType {
        /// Buttons.
        Button = "button",
        /// A list.
        List = "list",
        /// A form.
        Flow = "flow",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n4_a_place_reads_back_as_it_was_written() {
        let mut place = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..1000 {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // 53 bits: each float between 0 and 180.
            let degrees = (place >> 11) as f64 / (1_u64 << 53) as f64 * 180.0;
            let written = serde_json::to_string(&Location {
                latitude: Some(degrees),
                ..Location::default()
            })
            .unwrap();
            let read: Location = serde_json::from_str(&written).unwrap();
            assert_eq!(
                read.latitude.map(f64::to_bits),
                Some(degrees.to_bits()),
                "{written}"
            );
        }
    }
}
