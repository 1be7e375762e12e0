//! What the engine's own message (`_data`) adds: read in the one pass, and whatever shape it has, it is no error; only a
//! number that is none is one (see [`Lax`]).

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};
use wahook_core::json::{Raw, Text, read_seed};

use super::object::{Hint, Lax, Present, hints};

hints! {
    /// What of the engine's own message (`_data`) says more than the payload does.
    ///
    /// It is as large as all the rest, and more, so nothing else of it is kept here. The whole of it is in the item as
    /// it was sent, where [`Raw::at`] finds it.
    pub struct EngineData {
        /// WEBJS: the type of the message.
        kind: Hint = "type",
        /// WEBJS: the sender's own name.
        notify_name: Hint = "notifyName",
        /// WEBJS: the text after an edit.
        new_body: Hint = "newBody",
        /// WEBJS: the text before an edit.
        prev_body: Hint = "prevBody",
        /// NOWEB: the sender's own name.
        push_name: Hint = "pushName",
        /// NOWEB: addresses.
        key: NowebKey = "key",
        /// GOWS: all about the message.
        info: GowsInfo = "Info",
        /// NOWEB and GOWS: what it contains.
        message: Contained = "message" | "Message",
        /// GOWS receipts: who sent the receipt.
        sender: Hint = "Sender",
        /// GOWS receipts: the other address of who sent the receipt.
        sender_alt: Hint = "SenderAlt",
    }
}

hints! {
    /// Addresses in NOWEB.
    pub(crate) struct NowebKey {
        /// The other address of the chat.
        remote_jid_alt: Hint = "remoteJidAlt",
        /// The other address of the participant.
        participant_alt: Hint = "participantAlt",
    }
}

hints! {
    /// What GOWS says about a message.
    pub(crate) struct GowsInfo {
        /// The other address of the sender.
        sender_alt: Hint = "SenderAlt",
        /// The other address of the recipient.
        recipient_alt: Hint = "RecipientAlt",
        /// The sender's own name.
        push_name: Hint = "PushName",
        /// `text`, `media`, …
        kind: Hint = "Type",
        /// `image`, `ptt`, `sticker`, …
        media_type: Hint = "MediaType",
    }
}

hints! {
    /// Which sort of content is there in NOWEB and GOWS.
    pub(crate) struct Contained {
        /// A picture.
        image: Present = "imageMessage",
        /// A film.
        video: Present = "videoMessage",
        /// A sound.
        audio: Audio = "audioMessage",
        /// A file.
        document: Present = "documentMessage" | "documentWithCaptionMessage",
        /// A sticker.
        sticker: Present = "stickerMessage" | "lottieStickerMessage",
        /// Something that the engine could not decrypt (WAHA issues on edits, 2026-07).
        secret: Present = "secretEncryptedMessage",
        /// Something that is no content: an edit or a withdrawal that came as a message.
        protocol: Present = "protocolMessage",
    }
}

hints! {
    /// A sound.
    pub(crate) struct Audio {
        /// Whether it is a voice note.
        ptt: Present = "ptt" | "PTT",
        /// Media type.
        mimetype: Hint = "mimetype",
    }
}

impl<'de> Deserialize<'de> for EngineData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Lax::deserialize(deserializer).map(|Lax(data)| data)
    }
}

impl EngineData {
    /// This, or what says nothing.
    pub(crate) fn or_none(data: Option<&Self>) -> &Self {
        static NONE: LazyLock<EngineData> = LazyLock::new(EngineData::default);

        data.unwrap_or_else(|| &NONE)
    }

    /// The sender's own name.
    pub(crate) fn name(&self) -> Option<&str> {
        [&self.info.push_name, &self.push_name, &self.notify_name]
            .into_iter()
            .find_map(Hint::text)
    }
}

/// What the free form of an error says first.
pub(crate) fn error_text(error: &Raw) -> Option<Text> {
    hints! {
        pub(crate) struct ErrorHints {
            details: Hint = "details",
            message: Hint = "message",
            code: Hint = "code",
        }
    }

    if let Ok(text) = error.read::<Text>() {
        return text.non_empty();
    }
    let hints = read_seed(error.bytes(), || std::marker::PhantomData::<Lax<ErrorHints>>)
        .ok()?
        .0;
    [&hints.details, &hints.message, &hints.code]
        .into_iter()
        .find_map(Hint::text)
        .or_else(|| error.as_json())
        .map(Text::from)
}
