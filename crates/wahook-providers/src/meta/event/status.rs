//! How far a message, or a call, has come.

use wahook_core::{
    json::{Flag, Number, Text},
    open_enum,
};

use super::Problem;
use crate::object::object;

object! {
    /// How far a message has come (webhooks/reference/messages/status, 2026-04); in the field `calls` a call.
    pub struct Status {
        /// The message, `wamid.…`, or the call, `wacid.…`.
        id: Option<Text> = "id",
        /// How far.
        status: Option<StatusWord> = "status",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// `call` where it is one.
        kind: Option<Text> = "type",
        /// To whom: a phone number, or a group's id; missing where it went to a business-scoped id.
        recipient_id: Option<Text> = "recipient_id",
        /// `group` where it went to one.
        recipient_type: Option<RecipientType> = "recipient_type",
        /// Which member of the group; printed in two ways.
        recipient_participant_id: Option<Text> = "recipient_participant_id" | "participant_recipient_id",
        /// To whom, by business-scoped id.
        recipient_user_id: Option<Text> = "recipient_user_id",
        /// The same for all linked portfolios; seen in two ways.
        recipient_parent_user_id: Option<Text> = "recipient_parent_user_id" | "parent_recipient_user_id",
        /// Which member of the group, by business-scoped id.
        recipient_participant_user_id: Option<Text> = "recipient_participant_user_id",
        /// The same for all linked portfolios.
        recipient_participant_parent_user_id: Option<Text> = "recipient_participant_parent_user_id",
        /// The digest of the recipient's key.
        recipient_identity_key_hash: Option<Text> = "recipient_identity_key_hash",
        /// What the sender put beside the message.
        biz_opaque_callback_data: Option<Text> = "biz_opaque_callback_data",
        /// What is paid for together; only free entry points since v24.0.
        conversation: Option<Box<Conversation>> = "conversation",
        /// What it costs; with `sent` and with one of `delivered` and `read`.
        pricing: Option<Box<Pricing>> = "pricing",
        /// Why it failed.
        errors: Vec<Problem> = "errors",
    }
}

object! {
    /// What is paid for together.
    pub struct Conversation {
        /// Its id.
        id: Option<Text> = "id",
        /// Until when; with `sent` only.
        expiration_timestamp: Option<Number> = "expiration_timestamp",
        /// How it began.
        origin: Option<ConversationOrigin> = "origin",
    }
}

object! {
    /// How a conversation began.
    pub struct ConversationOrigin {
        /// Its category.
        kind: Option<Category> = "type",
    }
}

object! {
    /// What a message costs.
    pub struct Pricing {
        /// Whether anything; to be removed.
        billable: Option<Flag> = "billable",
        /// By what it is counted.
        pricing_model: Option<PricingModel> = "pricing_model",
        /// Whether it is free, and why.
        kind: Option<PricingType> = "type",
        /// Its category.
        category: Option<Category> = "category",
    }
}

impl Status {
    /// Whether it went to a group; then one status comes for each member, which only those have.
    pub(in crate::meta) fn is_of_group(&self) -> bool {
        self.recipient_type == Some(RecipientType::Group) || self.member().is_some()
    }

    /// Which member of a group it is about, by the steadiest id there is.
    pub(in crate::meta) fn member(&self) -> Option<&str> {
        [
            &self.recipient_participant_user_id,
            &self.recipient_participant_id,
            &self.recipient_participant_parent_user_id,
        ]
        .into_iter()
        .find_map(|id| id.as_deref().filter(|id| !id.is_empty()))
    }

    /// Whether it is a call's, in whatever field it comes.
    pub(in crate::meta) fn is_of_call(&self) -> bool {
        self.kind.as_deref() == Some("call") || self.id.as_deref().is_some_and(|id| id.starts_with("wacid."))
    }
}

open_enum! {
    /// How far a message or a call has come. The letter case differs by field, and is kept.
    pub enum StatusWord {
        /// Accepted by WhatsApp.
        Sent = "sent",
        /// On the recipient's device.
        Delivered = "delivered",
        /// Opened.
        Read = "read",
        /// Listened to, for the first time.
        Played = "played",
        /// Could not be sent or delivered.
        Failed = "failed",
        /// Deleted; older lists and resellers.
        Deleted = "deleted",
        /// A call rings.
        Ringing = "RINGING",
        /// A call was taken.
        Accepted = "ACCEPTED",
        /// A call was refused.
        Rejected = "REJECTED",
    }
}

open_enum! {
    /// What a recipient is.
    pub enum RecipientType {
        /// A group.
        Group = "group",
        /// A person.
        Individual = "individual",
    }
}

open_enum! {
    /// By what is counted.
    pub enum PricingModel {
        /// By conversation; until 2025-07.
        Conversation = "CBP",
        /// By message.
        Message = "PMP",
    }
}

open_enum! {
    /// Whether a message is free, and why.
    pub enum PricingType {
        /// It is not.
        Regular = "regular",
        /// An answer within the window of service.
        FreeCustomerService = "free_customer_service",
        /// After an advertisement.
        FreeEntryPoint = "free_entry_point",
    }
}

open_enum! {
    /// The category of a message or conversation.
    pub enum Category {
        /// A code.
        Authentication = "authentication",
        /// A code, over a border.
        AuthenticationInternational = "authentication_international" | "authentication-international",
        /// Advertising.
        Marketing = "marketing",
        /// Advertising, through the API of its own.
        MarketingLite = "marketing_lite",
        /// What was asked for.
        Utility = "utility",
        /// An answer.
        Service = "service",
        /// After an advertisement.
        ReferralConversion = "referral_conversion",
        /// Advertising in a group.
        GroupMarketing = "group_marketing",
        /// What was asked for, in a group.
        GroupUtility = "group_utility",
        /// An answer in a group.
        GroupService = "group_service",
        /// By an assistant.
        GeneralPurposeAi = "general_purpose_ai",
        /// Old: the business began.
        BusinessInitiated = "business_initiated",
        /// Old: the user began.
        UserInitiated = "user_initiated",
    }
}
