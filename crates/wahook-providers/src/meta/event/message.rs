//! Messages, in either direction and of any time.

use wahook_core::{
    json::{Flag, Number, Text},
    open_enum,
};

use super::{
    Problem,
    content::{Button, Card, Location, Media, Order, Reaction, System, TextBody, Unsupported},
    interactive::Interactive,
};
use crate::object::object;

object! {
    /// A message (webhooks/reference/messages, 2026-04). What it says stands under the name of its type.
    pub struct Message {
        /// The message, `wamid.…`.
        id: Option<Text> = "id",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// What sort of message.
        kind: Option<MessageType> = "type",
        /// Who wrote: the phone number, which may be missing; in echoes and in the history the business.
        from: Option<Text> = "from",
        /// Who wrote, by business-scoped id.
        from_user_id: Option<Text> = "from_user_id",
        /// The same for all linked portfolios.
        from_parent_user_id: Option<Text> = "from_parent_user_id",
        /// To whom; in echoes.
        to: Option<Text> = "to",
        /// To whom, by business-scoped id; in echoes.
        to_user_id: Option<Text> = "to_user_id",
        /// The same for all linked portfolios.
        to_parent_user_id: Option<Text> = "to_parent_user_id",
        /// The group that it was said in.
        group_id: Option<Text> = "group_id",
        /// What it answers, or whether it was forwarded.
        context: Option<Box<Context>> = "context",
        /// The advertisement that led to it.
        referral: Option<Box<Referral>> = "referral",
        /// Why there is no content.
        errors: Vec<Problem> = "errors",
        /// Old: whether the person's key is acknowledged.
        identity: Option<Box<IdentityCheck>> = "identity",
        /// How far it had come; in the history.
        history_context: Option<HistoryContext> = "history_context",
        /// Where shared cards came from; seen beside them and inside.
        origin: Option<Text> = "origin",
        /// Text.
        text: Option<Box<TextBody>> = "text",
        /// A picture.
        image: Option<Box<Media>> = "image",
        /// Sound, or a voice note.
        audio: Option<Box<Media>> = "audio",
        /// A film.
        video: Option<Box<Media>> = "video",
        /// A file.
        document: Option<Box<Media>> = "document",
        /// A sticker.
        sticker: Option<Box<Media>> = "sticker",
        /// A place.
        location: Option<Box<Location>> = "location",
        /// Contact cards.
        contacts: Vec<Card> = "contacts",
        /// The button of a template that was pressed.
        button: Option<Box<Button>> = "button",
        /// A choice, a form, or a permission.
        interactive: Option<Box<Interactive>> = "interactive",
        /// What somebody wants to buy.
        order: Option<Box<Order>> = "order",
        /// A reaction.
        reaction: Option<Box<Reaction>> = "reaction",
        /// What WhatsApp itself says.
        system: Option<Box<System>> = "system",
        /// A message was changed.
        edit: Option<Box<Edit>> = "edit",
        /// A message was taken back.
        revoke: Option<Box<Revoke>> = "revoke",
        /// What could not be handed out.
        unsupported: Option<Box<Unsupported>> = "unsupported",
    }
}

object! {
    /// A message was changed.
    pub struct Edit {
        /// Which.
        original_message_id: Option<Text> = "original_message_id",
        /// What it says now; without an id of its own.
        message: Option<Box<Message>> = "message",
    }
}

object! {
    /// A message was taken back.
    pub struct Revoke {
        /// Which.
        original_message_id: Option<Text> = "original_message_id",
    }
}

object! {
    /// What a message answers. It may hold nothing but a flag.
    pub struct Context {
        /// Who wrote what is answered.
        from: Option<Text> = "from",
        /// The same, by business-scoped id.
        from_user_id: Option<Text> = "from_user_id",
        /// What is answered.
        id: Option<Text> = "id",
        /// Forwarded, up to five times.
        forwarded: Option<Flag> = "forwarded",
        /// Forwarded more than five times.
        frequently_forwarded: Option<Flag> = "frequently_forwarded",
        /// The product that is asked about.
        referred_product: Option<ReferredProduct> = "referred_product",
    }
}

object! {
    /// A product that is asked about.
    pub struct ReferredProduct {
        /// The catalogue.
        catalog_id: Option<Text> = "catalog_id",
        /// The seller's id of it.
        product_retailer_id: Option<Text> = "product_retailer_id",
    }
}

object! {
    /// The advertisement or post that led to a message.
    pub struct Referral {
        /// Where it is.
        source_url: Option<Text> = "source_url",
        /// Its id.
        source_id: Option<Text> = "source_id",
        /// What it is.
        source_type: Option<ReferralSource> = "source_type",
        /// Its headline.
        headline: Option<Text> = "headline",
        /// Its text.
        body: Option<Text> = "body",
        /// `image` or `video`.
        media_type: Option<Text> = "media_type",
        /// Its picture.
        image_url: Option<Text> = "image_url",
        /// Its film.
        video_url: Option<Text> = "video_url",
        /// A small picture of the film.
        thumbnail_url: Option<Text> = "thumbnail_url",
        /// The click; missing for the stories.
        ctwa_clid: Option<Text> = "ctwa_clid",
        /// What greeted the person.
        welcome_message: Option<TextOnly> = "welcome_message",
    }
}

object! {
    /// A text.
    pub struct TextOnly {
        /// It.
        text: Option<Text> = "text",
    }
}

object! {
    /// Old: whether the person's key is acknowledged.
    pub struct IdentityCheck {
        /// Whether it is.
        acknowledged: Option<Flag> = "acknowledged",
        /// Since when.
        created_timestamp: Option<Number> = "created_timestamp",
        /// The key's digest.
        hash: Option<Text> = "hash",
    }
}

object! {
    /// How far a message of the history had come.
    pub struct HistoryContext {
        /// How far.
        status: Option<HistoryStatus> = "status",
    }
}

open_enum! {
    /// What sort of message.
    pub enum MessageType {
        /// Sound, or a voice note.
        Audio = "audio",
        /// The button of a template.
        Button = "button",
        /// Contact cards.
        Contacts = "contacts",
        /// A file.
        Document = "document",
        /// A message was changed.
        Edit = "edit",
        /// A picture.
        Image = "image",
        /// A choice, a form, or a permission.
        Interactive = "interactive",
        /// A place.
        Location = "location",
        /// A file that follows, or never will; in the history.
        MediaPlaceholder = "media_placeholder",
        /// What somebody wants to buy.
        Order = "order",
        /// A reaction.
        Reaction = "reaction",
        /// The chat was opened for the first time.
        RequestWelcome = "request_welcome",
        /// A message was taken back.
        Revoke = "revoke",
        /// A sticker.
        Sticker = "sticker",
        /// What WhatsApp itself says.
        System = "system",
        /// Text.
        Text = "text",
        /// What could not be handed out.
        Unsupported = "unsupported",
        /// A film.
        Video = "video",
    }
}

open_enum! {
    /// What led to a message.
    pub enum ReferralSource {
        /// An advertisement.
        Ad = "ad",
        /// A post.
        Post = "post",
    }
}

open_enum! {
    /// How far a message of the history had come.
    pub enum HistoryStatus {
        /// On the recipient's device.
        Delivered = "DELIVERED",
        /// It failed.
        Error = "ERROR",
        /// On its way.
        Pending = "PENDING",
        /// Listened to.
        Played = "PLAYED",
        /// Opened.
        Read = "READ",
        /// Accepted by WhatsApp.
        Sent = "SENT",
    }
}
