//! What messages say, but for choices.

use wahook_core::{
    json::{Flag, Number, Text},
    open_enum,
};

use crate::object::object;

object! {
    /// Text.
    pub struct TextBody {
        /// It.
        body: Option<Text> = "body",
    }
}

object! {
    /// A file, by reference (webhooks/reference/messages, 2026-04).
    pub struct Media {
        /// The id of it, for the API.
        id: Option<Text> = "id",
        /// Media type; may name a codec.
        mime_type: Option<Text> = "mime_type",
        /// SHA-256, in base64 on most pages and in hex on one.
        sha256: Option<Text> = "sha256",
        /// The text below it.
        caption: Option<Text> = "caption",
        /// File name.
        filename: Option<Text> = "filename",
        /// Where it is; needs the app's token and lives for minutes.
        url: Option<Text> = "url",
        /// Whether it is a voice note.
        voice: Option<Flag> = "voice",
        /// Whether a sticker moves.
        animated: Option<Flag> = "animated",
    }
}

object! {
    /// A place.
    pub struct Location {
        /// Degrees.
        latitude: Option<Number> = "latitude",
        /// Degrees.
        longitude: Option<Number> = "longitude",
        /// Its name.
        name: Option<Text> = "name",
        /// Its address.
        address: Option<Text> = "address",
        /// A link.
        url: Option<Text> = "url",
    }
}

object! {
    /// A contact card.
    pub struct Card {
        /// The name on it.
        name: Option<CardName> = "name",
        /// Phone numbers.
        phones: Vec<CardPhone> = "phones",
        /// Addresses for mail.
        emails: Vec<CardEmail> = "emails",
        /// Links.
        urls: Vec<CardUrl> = "urls",
        /// Places.
        addresses: Vec<CardAddress> = "addresses",
        /// Where the person works.
        org: Option<CardOrg> = "org",
        /// A date.
        birthday: Option<Text> = "birthday",
        /// The card as a text.
        vcard: Option<Text> = "vcard",
        /// `contact_request` or `other`; seen beside the cards and inside.
        origin: Option<Text> = "origin",
    }
}

object! {
    /// The name on a card.
    pub struct CardName {
        /// All of it.
        formatted_name: Option<Text> = "formatted_name",
        /// A part.
        first_name: Option<Text> = "first_name",
        /// A part.
        last_name: Option<Text> = "last_name",
        /// A part.
        middle_name: Option<Text> = "middle_name",
        /// A part.
        prefix: Option<Text> = "prefix",
        /// A part.
        suffix: Option<Text> = "suffix",
    }
}

object! {
    /// A phone number on a card.
    pub struct CardPhone {
        /// As it is written there.
        phone: Option<Text> = "phone",
        /// WhatsApp's id.
        wa_id: Option<Text> = "wa_id",
        /// Such as `WORK`.
        kind: Option<Text> = "type",
    }
}

object! {
    /// An address for mail on a card.
    pub struct CardEmail {
        /// It.
        email: Option<Text> = "email",
        /// Such as `WORK`.
        kind: Option<Text> = "type",
    }
}

object! {
    /// A link on a card.
    pub struct CardUrl {
        /// It.
        url: Option<Text> = "url",
        /// Such as `WORK`.
        kind: Option<Text> = "type",
    }
}

object! {
    /// A place on a card.
    pub struct CardAddress {
        /// Street and number.
        street: Option<Text> = "street",
        /// City.
        city: Option<Text> = "city",
        /// State.
        state: Option<Text> = "state",
        /// Postal code.
        zip: Option<Text> = "zip",
        /// Country.
        country: Option<Text> = "country",
        /// Country, two letters.
        country_code: Option<Text> = "country_code",
        /// Such as `HOME`.
        kind: Option<Text> = "type",
    }
}

object! {
    /// Where a person works.
    pub struct CardOrg {
        /// The company.
        company: Option<Text> = "company",
        /// The department.
        department: Option<Text> = "department",
        /// The title.
        title: Option<Text> = "title",
    }
}

object! {
    /// The button of a template that was pressed.
    pub struct Button {
        /// What the sender put behind it.
        payload: Option<Text> = "payload",
        /// What is written on it.
        text: Option<Text> = "text",
    }
}

object! {
    /// What somebody wants to buy.
    pub struct Order {
        /// The catalogue.
        catalog_id: Option<Text> = "catalog_id",
        /// A note.
        text: Option<Text> = "text",
        /// Line by line.
        product_items: Vec<OrderLine> = "product_items",
    }
}

object! {
    /// A line of an order; numbers are texts in older payloads.
    pub struct OrderLine {
        /// The seller's id of the product.
        product_retailer_id: Option<Text> = "product_retailer_id",
        /// How many.
        quantity: Option<Number> = "quantity",
        /// Price of one.
        item_price: Option<Text> = "item_price",
        /// Currency code.
        currency: Option<Text> = "currency",
    }
}

object! {
    /// A reaction.
    pub struct Reaction {
        /// To which message.
        message_id: Option<Text> = "message_id",
        /// The emoji; empty or missing where it was taken back.
        emoji: Option<Text> = "emoji",
    }
}

object! {
    /// What WhatsApp itself says.
    pub struct System {
        /// In a sentence.
        body: Option<Text> = "body",
        /// What happened.
        kind: Option<SystemType> = "type",
        /// The new id.
        wa_id: Option<Text> = "wa_id",
        /// The same, as older payloads call it.
        new_wa_id: Option<Text> = "new_wa_id",
        /// The new business-scoped id.
        user_id: Option<Text> = "user_id",
        /// The same for all linked portfolios.
        parent_user_id: Option<Text> = "parent_user_id",
        /// Old: the digest of a key.
        identity: Option<Text> = "identity",
        /// Old: who it is about.
        customer: Option<Text> = "customer",
    }
}

object! {
    /// What could not be handed out.
    pub struct Unsupported {
        /// What it is; an open set.
        kind: Option<Text> = "type",
    }
}

open_enum! {
    /// What WhatsApp itself says.
    pub enum SystemType {
        /// Old: another key.
        CustomerIdentityChanged = "customer_identity_changed",
        /// Old: another number.
        CustomerChangedNumber = "customer_changed_number",
        /// Another number.
        UserChangedNumber = "user_changed_number",
        /// Another business-scoped id.
        UserChangedUserId = "user_changed_user_id",
    }
}
