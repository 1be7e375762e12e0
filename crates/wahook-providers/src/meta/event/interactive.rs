//! Choices, forms and permissions.

use wahook_core::{
    json::{Flag, Number, Text},
    open_enum,
};

use crate::object::object;

object! {
    /// A choice, a form, or a permission; it may come without the object that its type names, with an error in its place
    /// (webhooks/reference/messages/interactive, 2026-04).
    pub struct Interactive {
        /// Which of the members is there.
        kind: Option<InteractiveType> = "type",
        /// A button.
        button_reply: Option<Reply> = "button_reply",
        /// A line of a list.
        list_reply: Option<Reply> = "list_reply",
        /// A form.
        nfm_reply: Option<Form> = "nfm_reply",
        /// A permission to call.
        call_permission_reply: Option<CallPermission> = "call_permission_reply",
    }
}

object! {
    /// What was chosen.
    pub struct Reply {
        /// Its id.
        id: Option<Text> = "id",
        /// What is written on it.
        title: Option<Text> = "title",
        /// And below; lists only.
        description: Option<Text> = "description",
    }
}

object! {
    /// A form that was filled in.
    pub struct Form {
        /// `flow` or `address_message`.
        name: Option<Text> = "name",
        /// A sentence.
        body: Option<Text> = "body",
        /// The answers: JSON in a text.
        response_json: Option<Text> = "response_json",
    }
}

object! {
    /// A permission to call.
    pub struct CallPermission {
        /// Whether it is given.
        response: Option<Permission> = "response",
        /// For ever.
        is_permanent: Option<Flag> = "is_permanent",
        /// Until when.
        expiration_timestamp: Option<Number> = "expiration_timestamp",
        /// `user_action` or `automatic`.
        response_source: Option<Text> = "response_source",
    }
}

open_enum! {
    /// What sort of choice.
    pub enum InteractiveType {
        /// A button.
        ButtonReply = "button_reply",
        /// A permission to call.
        CallPermissionReply = "call_permission_reply",
        /// A line of a list.
        ListReply = "list_reply",
        /// A form.
        NfmReply = "nfm_reply",
    }
}

open_enum! {
    /// Whether a permission is given.
    pub enum Permission {
        /// It is.
        Accept = "accept",
        /// It is not.
        Reject = "reject",
    }
}
