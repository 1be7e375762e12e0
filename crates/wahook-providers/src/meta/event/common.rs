//! What several sorts of elements have: who, and what went wrong.

use wahook_core::json::Text;

use crate::object::object;

object! {
    /// Whose number it is (webhooks/overview, 2026-04).
    pub struct Metadata {
        /// The number as people dial it: digits, no `+`.
        display_phone_number: Option<Text> = "display_phone_number",
        /// The id of the business's number: where it is routed by.
        phone_number_id: Option<Text> = "phone_number_id",
    }
}

impl Metadata {
    /// Whether it is this number. A `+` is in the tables of the pages, and in none of their samples.
    pub(in crate::meta) fn is_number(&self, number: Option<&Text>) -> bool {
        let [own, other] = [self.display_phone_number.as_ref(), number].map(bare);
        own.is_some() && own == other
    }
}

/// The number without its `+`, unless it is missing or empty.
pub(in crate::meta) fn bare(number: Option<&Text>) -> Option<&str> {
    let number = number?.as_str();
    let number = number.strip_prefix('+').unwrap_or(number);
    Some(number).filter(|number| !number.is_empty())
}

object! {
    /// Somebody who is spoken of. Each of the ids may be missing, or empty (business-scoped-user-ids, 2026-05).
    pub struct Contact {
        /// What the person shows of itself.
        profile: Option<Profile> = "profile",
        /// WhatsApp's id; it need not be the phone number.
        wa_id: Option<Text> = "wa_id",
        /// Business-scoped user id.
        user_id: Option<Text> = "user_id",
        /// The same for all linked portfolios.
        parent_user_id: Option<Text> = "parent_user_id",
        /// Changes when the person gets another key.
        identity_key_hash: Option<Text> = "identity_key_hash",
    }
}

object! {
    /// What a person shows of itself.
    pub struct Profile {
        /// The name.
        name: Option<Text> = "name",
        /// The username; changes freely.
        username: Option<Text> = "username",
        /// The country; a draft, may change.
        country_code: Option<Text> = "country_code",
    }
}

object! {
    /// Something went wrong.
    pub struct Problem {
        /// A number, mostly.
        code: Option<Text> = "code",
        /// A short text.
        title: Option<Text> = "title",
        /// The same in newer payloads.
        message: Option<Text> = "message",
        /// A long text.
        error_data: Option<ProblemData> = "error_data",
        /// Where it is explained; absolute, or a path.
        href: Option<Text> = "href",
    }
}

object! {
    /// A long text.
    pub struct ProblemData {
        /// It.
        details: Option<Text> = "details",
    }
}

impl Problem {
    /// The long text.
    pub(in crate::meta) fn details(&self) -> Option<&Text> {
        self.error_data.as_ref()?.details.as_ref()
    }
}
