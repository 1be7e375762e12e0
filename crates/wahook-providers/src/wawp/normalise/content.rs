//! One content of the several that a message may carry: the first of place, cards, file, text.

use wahook_core::{
    json::{Number, Text},
    model::{Contacts, Content, Location, Media, MediaContent},
};

use super::{
    super::event::{self, EngineData, error_text},
    taken, vcard,
};

/// What a message or an edit may carry.
#[derive(Default)]
pub(super) struct Carried {
    pub(super) text: Option<Text>,
    pub(super) has_media: bool,
    pub(super) media: Option<Box<event::Media>>,
    pub(super) media_url: Option<Text>,
    pub(super) location: Option<Box<event::Location>>,
    pub(super) vcards: Vec<Text>,
    /// The type that Wawp's overview shows; WAHA sends none.
    pub(super) kind: Option<Text>,
}

/// The content; `waiting` where the event says that there is none yet.
pub(super) fn content(carried: Carried, waiting: bool, hints: &EngineData) -> Content {
    if let Some(location) = carried.location {
        return Content::Location(place(*location));
    }
    if !carried.vcards.is_empty() {
        let cards = carried.vcards.into_iter().map(Text::into_string);
        return Content::Contacts(Contacts {
            contacts: cards.map(vcard::contact).collect(),
        });
    }
    let url = taken(carried.media_url);
    if carried.has_media || carried.media.is_some() || url.is_some() {
        return file(carried.media.map(|media| *media), url, taken(carried.text), hints);
    }
    if let Some(text) = taken(carried.text) {
        return Content::text(text);
    }
    if waiting {
        return Content::unavailable("waiting");
    }
    // Without a text: something that the engine did not decrypt, or an edit or a withdrawal that came as a message
    // (WAHA issues 813, 2072, 2089 and 2168, 2026-07).
    let kind = hints.kind.text().or(hints.info.kind.text());
    if hints.message.secret.0 || hints.message.protocol.0 || kind == Some("ciphertext") {
        return Content::unavailable("not_decrypted");
    }
    Content::unknown(kind.map(Text::from).or(taken(carried.kind)))
}

fn place(location: event::Location) -> Location {
    Location {
        latitude: location.latitude.as_ref().and_then(Number::to_f64),
        longitude: location.longitude.as_ref().and_then(Number::to_f64),
        // Older WEBJS, and Wawp's sample, have only a description: name and address in one.
        name: taken(location.name).or(taken(location.description)),
        address: taken(location.address),
        url: taken(location.url),
        live: location.live.map(wahook_core::json::Flag::get),
    }
}

fn file(
    media: Option<event::Media>,
    url: Option<Text>,
    caption: Option<Text>,
    hints: &EngineData,
) -> Content {
    let media = media.unwrap_or_default();
    let sort = Sort::of(media.mimetype.as_deref(), hints);
    let content = MediaContent {
        caption,
        media: Box::new(Media {
            url: taken(media.url).or(url),
            mime_type: taken(media.mimetype),
            filename: taken(media.filename),
            error: media.error.as_ref().and_then(error_text),
            ..Media::default()
        }),
    };
    match sort {
        Sort::Image => Content::Image(content),
        Sort::Video => Content::Video(content),
        Sort::Audio => Content::Audio(content),
        Sort::Voice => Content::Voice(content),
        Sort::Sticker => Content::Sticker(content),
        Sort::Document => Content::Document(content),
    }
}

#[derive(Clone, Copy)]
enum Sort {
    Image,
    Video,
    Audio,
    Voice,
    Sticker,
    Document,
}

impl Sort {
    /// The engine's word goes before the media type, which cannot tell a voice note from a sound or a sticker from a
    /// picture. What neither tells is a document: a file, and nothing more is known of it.
    fn of(mimetype: Option<&str>, hints: &EngineData) -> Self {
        let word = hints.kind.text().or(hints.info.media_type.text());
        let message = &hints.message;
        let audio = message.audio.ptt.0 || message.audio.mimetype.text().is_some();
        match word {
            Some("image") => return Self::Image,
            Some("video" | "gif" | "ptv") => return Self::Video,
            Some("ptt") => return Self::Voice,
            Some("audio") if !message.audio.ptt.0 => return Self::Audio,
            Some("sticker") => return Self::Sticker,
            Some("document") => return Self::Document,
            _ if message.sticker.0 => return Self::Sticker,
            _ if message.audio.ptt.0 => return Self::Voice,
            _ if message.document.0 => return Self::Document,
            _ if message.image.0 => return Self::Image,
            _ if message.video.0 => return Self::Video,
            _ if audio => return Self::Audio,
            _ => {}
        }
        match mimetype.and_then(|mimetype| mimetype.split('/').next()) {
            Some("image") => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::Document,
        }
    }
}
