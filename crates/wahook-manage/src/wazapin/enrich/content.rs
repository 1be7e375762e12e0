//! What a record says, by the type of its message.
//!
//! Documented are the file's place, `content.media_url` and `content.sticker_url`, choices in `content.interactive`
//! (Wazapin, guides: handle inbound media, and handle interactive replies, 2026-08) and, of what is sent, texts and places
//! (Wazapin, API: send a message, 2026-08). All else is inferred, and only read where it is there.

use serde_json::Value;
use wahook_core::{
    json::Text,
    model::{
        Contact, Contacts, Content, Interactive, Location, MediaContent, ReplyType, Template, TextContent,
    },
};

use crate::{read, wazapin::Message};

/// The content of a record as a message of this type; a type without neutral words stays unknown.
pub(super) fn content(kind: &str, record: &Message) -> Content {
    let said = Said(record);
    match kind {
        "text" => Content::Text(TextContent { text: said.words() }),
        "image" => Content::Image(said.media()),
        "video" => Content::Video(said.media()),
        "audio" => Content::Audio(said.media()),
        "voice" => Content::Voice(said.media()),
        "document" => Content::Document(said.media()),
        "sticker" => Content::Sticker(said.media()),
        "location" => Content::Location(said.location()),
        "contact" | "contacts" => Content::Contacts(said.contacts()),
        "interactive" => Content::Interactive(said.choice()),
        "template" => Content::Template(said.template()),
        other => Content::unknown(Some(other.into())),
    }
}

/// A record, looked into.
struct Said<'a>(&'a Message);

impl<'a> Said<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.content.as_ref()?.get(name)
    }

    /// What is in an object of this name, or beside it.
    fn inner(&self, name: &str) -> Option<&'a Value> {
        let inner = self.get(name).filter(|inner| inner.is_object());
        inner.or(self.0.content.as_ref())
    }

    /// `content.body`, `content.text`, `content.text.body` (Wazapin, API: send a message, 2026-08); the vendor's plugin
    /// also reads a `text` beside the content (2026-08).
    fn words(&self) -> Option<Text> {
        let nested = self.get("text").and_then(|text| text.get("body"));
        [
            self.get("body"),
            self.get("text"),
            nested,
            self.0.content.as_ref(),
            self.0.rest.get("text"),
        ]
        .into_iter()
        .find_map(text)
    }

    /// Captions, names and types of files are inferred.
    fn media(&self) -> MediaContent {
        let mut found = MediaContent {
            caption: text(self.get("caption")),
            ..MediaContent::default()
        };
        found.media.url = text(self.get("media_url")).or_else(|| text(self.get("sticker_url")));
        found.media.filename = text(self.get("filename"));
        found.media.mime_type = text(self.get("mime_type"));
        found
    }

    /// As places are sent; that they come in the same form, or in an object `location`, is inferred.
    fn location(&self) -> Location {
        let place = self.inner("location");
        let get = |name: &str| place?.get(name);
        Location {
            latitude: degrees(get("latitude")),
            longitude: degrees(get("longitude")),
            name: text(get("name")),
            address: text(get("address")),
            ..Location::default()
        }
    }

    /// `list_reply` has an id and a title by analogy: the page does not show them.
    fn choice(&self) -> Interactive {
        let choice = self.inner("interactive");
        let get = |name: &str| choice?.get(name);
        let (button, list) = (get("button_reply"), get("list_reply"));
        let reply_type = match get("type").and_then(Value::as_str) {
            Some("button_reply") => ReplyType::Button,
            Some("list_reply") => ReplyType::List,
            None if button.is_some() => ReplyType::Button,
            None if list.is_some() => ReplyType::List,
            _ => ReplyType::Unknown,
        };
        let reply = match reply_type {
            ReplyType::Button => button,
            ReplyType::List => list,
            _ => None,
        };
        let of_reply = |name: &str| reply?.get(name);
        Interactive {
            reply_type,
            reply_id: of_reply("id").and_then(read::text).map(Text::from),
            title: text(of_reply("title")),
            response: None,
        }
    }

    /// Inferred, from what WhatsApp calls it.
    fn template(&self) -> Template {
        let template = self.inner("template");
        let get = |name: &str| template?.get(name);
        let code = get("language").and_then(|language| language.get("code"));
        Template {
            name: text(get("name")),
            language: text(get("language")).or_else(|| text(code)),
        }
    }

    /// Inferred, from what WhatsApp calls it.
    fn contacts(&self) -> Contacts {
        let cards = self.get("contacts").and_then(read::items).unwrap_or_default();
        let cards = cards.into_iter().filter_map(card);
        Contacts {
            contacts: cards.collect(),
        }
    }
}

fn card(card: &Value) -> Option<Contact> {
    let name = card.get("name");
    let formatted = name.and_then(|name| name.get("formatted_name"));
    let read = Contact {
        name: text(name).or_else(|| text(formatted)),
        phones: card.get("phones").map(phones).unwrap_or_default(),
        vcard: text(card.get("vcard")),
    };
    (read != Contact::default()).then_some(read)
}

fn phones(value: &Value) -> Vec<Text> {
    let phones = read::items(value).unwrap_or_default();
    let phone = |value: &Value| text(Some(value)).or_else(|| text(value.get("phone")));
    phones.into_iter().filter_map(phone).collect()
}

/// A text that says something; never the digits of a number.
pub(super) fn text(value: Option<&Value>) -> Option<Text> {
    let text = value?.as_str().filter(|text| !text.is_empty())?;
    Some(text.into())
}

/// A number, or a text of one.
fn degrees(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Some(number).filter(|number| number.is_finite())
}
