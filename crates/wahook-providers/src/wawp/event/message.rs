//! `message`, `message.any`, `message.waiting`.

use wahook_core::json::{Flag, Number, Raw, Text};

use super::{hints::EngineData, object::object};

object! {
    /// A message (WAHA docs, events and receive-messages, 2026-07; api.wawp.net/en/docs/message, 2026-07).
    pub struct Message {
        /// Message id, `{true|false}_{chat}_{id}[_{participant}]`.
        id: Option<Text> = "id",
        /// Seconds since 1970; 0 for some system messages.
        timestamp: Option<Number> = "timestamp",
        /// NOWEB and GOWS: always the chat. WEBJS: the chat, or the account if `from_me`.
        from: Option<Text> = "from",
        /// Whether the account wrote it.
        from_me: Option<Flag> = "fromMe",
        /// `api` or `app`; means something for own messages only.
        source: Option<Source> = "source",
        /// WEBJS: always. NOWEB and GOWS: in groups only.
        to: Option<Text> = "to",
        /// Who wrote it, in a group or in the stories.
        participant: Option<Text> = "participant",
        /// The old spelling of `participant` in WEBJS.
        author: Option<Text> = "author",
        /// The text, or the caption.
        body: Option<Text> = "body",
        /// Whether there is a file.
        has_media: Option<Flag> = "hasMedia",
        /// The file; null, or without a URL, when it was not downloaded.
        media: Option<Box<Media>> = "media",
        /// The old copy of `media.url`.
        media_url: Option<Text> = "mediaUrl",
        /// -1 to 4.
        ack: Option<Number> = "ack",
        /// The name of `ack`.
        ack_name: Option<AckName> = "ackName",
        /// Why `ack` is -1; WEBJS only.
        ack_reason: Option<Text> = "ackReason",
        /// A place.
        location: Option<Box<Location>> = "location",
        /// Contact cards.
        vcards: Vec<Text> = "vCards",
        /// What it answers.
        reply_to: Option<Box<ReplyTo>> = "replyTo",
        /// In Wawp's overview only, such as `text`.
        kind: Option<Text> = "type",
        /// The engine's own message.
        data: Option<Box<EngineData>> = "_data",
    }
}

object! {
    /// A file.
    pub struct Media {
        /// Where it is: an address of the sender that needs its key, or a signed one of a store.
        url: Option<Text> = "url",
        /// Media type.
        mimetype: Option<Text> = "mimetype",
        /// File name.
        filename: Option<Text> = "filename",
        /// Where it is in a store.
        s3: Option<S3> = "s3",
        /// Why it was not downloaded, in free form.
        error: Option<Raw> = "error",
    }
}

object! {
    /// A place in a store.
    pub struct S3 {
        /// The store.
        bucket: Option<Text> = "Bucket",
        /// The name there.
        key: Option<Text> = "Key",
    }
}

object! {
    /// A place.
    pub struct Location {
        /// Degrees, as text or number.
        latitude: Option<Number> = "latitude",
        /// Degrees, as text or number.
        longitude: Option<Number> = "longitude",
        /// Whether it moves.
        live: Option<Flag> = "live",
        /// Its name.
        name: Option<Text> = "name",
        /// Its address.
        address: Option<Text> = "address",
        /// A link.
        url: Option<Text> = "url",
        /// Name and address in one.
        description: Option<Text> = "description",
        /// A picture in base64.
        thumbnail: Option<Text> = "thumbnail",
    }
}

object! {
    /// The message that is answered.
    pub struct ReplyTo {
        /// Its id, mostly bare.
        id: Option<Text> = "id",
        /// Who wrote it.
        participant: Option<Text> = "participant",
        /// Its text.
        body: Option<Text> = "body",
        /// Whether it has a file.
        has_media: Option<Flag> = "hasMedia",
        /// Its file.
        media: Option<Box<Media>> = "media",
        /// The engine's own message.
        data: Option<Raw> = "_data",
    }
}

wahook_core::open_enum! {
    /// By which means the account wrote a message.
    pub enum Source {
        /// Through the API.
        Api = "api",
        /// In an app.
        App = "app",
    }
}

wahook_core::open_enum! {
    /// The name of a delivery state. The number beside it is what counts.
    pub enum AckName {
        /// -1.
        Error = "ERROR",
        /// 0.
        Pending = "PENDING",
        /// 1.
        Server = "SERVER",
        /// 1, as the text of Wawp's page calls it.
        Sent = "ACK_SENT",
        /// 2.
        Device = "DEVICE",
        /// 2, as the text of Wawp's page calls it.
        Delivered = "ACK_DELIVERED",
        /// 3.
        Read = "READ",
        /// 3, as the text of Wawp's page calls it.
        Seen = "ACK_READ",
        /// 4.
        Played = "PLAYED",
        /// No number.
        None = "UNKNOWN",
    }
}
