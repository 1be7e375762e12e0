//! What a message contains: one content per event, and of several the first of location, file and text.

use wahook_core::{
    json::Text,
    model::{
        Contacts, Content, Interactive, Location, Media, MediaContent, Order, Poll, ReplyType, System,
        Template, TextContent,
    },
};

use super::{
    fields::Fields,
    words::{TypeMeaning, Words},
};

/// By the type that was sent; without one, by what is there. A file whose type nobody tells is a document.
pub(super) fn of(words: &Words, fields: &mut Fields) -> Content {
    let word = fields.content_type.take();
    let kind = match word.as_deref().map(|word| words.content(word)) {
        Some(TypeMeaning::Content(kind)) => kind,
        Some(TypeMeaning::Kind(_) | TypeMeaning::Unknown) => return Content::unknown(word),
        None => match guessed(fields) {
            Some(kind) => kind,
            None => return Content::unknown(None),
        },
    };
    match kind {
        "text" => Content::Text(TextContent {
            text: fields.text.take(),
        }),
        "image" => Content::Image(file(fields)),
        "video" => Content::Video(file(fields)),
        "audio" => Content::Audio(file(fields)),
        "voice" => Content::Voice(file(fields)),
        "document" => Content::Document(file(fields)),
        "sticker" => Content::Sticker(file(fields)),
        "location" => Content::Location(location(fields)),
        "contacts" => Content::Contacts(Contacts::default()),
        "interactive" => Content::Interactive(Interactive {
            reply_type: ReplyType::Unknown,
            reply_id: fields.reply_id.take(),
            title: fields.title.take().or_else(|| fields.text.take()),
            response: None,
        }),
        "template" => Content::Template(Template {
            name: fields.name.take(),
            language: None,
        }),
        "poll" => Content::Poll(Poll {
            name: fields.name.take().or_else(|| fields.text.take()),
            options: std::mem::take(&mut fields.options),
            selectable_count: None,
        }),
        "order" => Content::Order(Order {
            order_id: fields.object_id.take(),
            ..Order::default()
        }),
        "system" => Content::System(System {
            subtype: fields.name.take(),
            text: fields.text.take(),
        }),
        "unavailable" => Content::Unavailable(wahook_core::model::Unavailable {
            reason: fields.reason.take(),
        }),
        _ => Content::unknown(word),
    }
}

fn guessed(fields: &Fields) -> Option<&'static str> {
    if fields.latitude.is_some() && fields.longitude.is_some() {
        return Some("location");
    }
    if fields.media_id.is_some() || fields.media_url.is_some() {
        let mime = fields.media_mime_type.as_deref().unwrap_or_default();
        let family = mime.split('/').next().unwrap_or_default();
        let known = ["image", "video", "audio"].into_iter();
        return known.filter(|known| *known == family).chain(["document"]).next();
    }
    fields.text.is_some().then_some("text")
}

fn file(fields: &mut Fields) -> MediaContent {
    MediaContent {
        caption: fields.caption.take().or_else(|| fields.text.take()),
        media: Box::new(Media {
            id: fields.media_id.take(),
            url: fields.media_url.take(),
            mime_type: fields.media_mime_type.take(),
            filename: fields.media_filename.take(),
            size: fields.media_size.take().and_then(|size| size.parse().ok()),
            sha256: fields.media_sha256.take(),
            ..Media::default()
        }),
    }
}

fn location(fields: &mut Fields) -> Location {
    let degrees = |text: Option<Text>| {
        let degrees = text?.trim().parse::<f64>().ok();
        degrees.filter(|degrees| degrees.is_finite() && degrees.abs() <= 180.0)
    };
    Location {
        latitude: degrees(fields.latitude.take()),
        longitude: degrees(fields.longitude.take()),
        name: fields.location_name.take(),
        address: fields.location_address.take(),
        url: None,
        live: None,
    }
}
