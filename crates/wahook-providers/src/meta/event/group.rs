//! Groups.

use wahook_core::{
    json::{Flag, Number, Text},
    open_enum,
};

use super::Problem;
use crate::object::object;

object! {
    /// Something happened to a group (groups/webhooks, 2026-02).
    pub struct Group {
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// The group.
        group_id: Option<Text> = "group_id",
        /// What happened.
        kind: Option<GroupEvent> = "type",
        /// The call of the API that led to it.
        request_id: Option<Text> = "request_id",
        /// Somebody's request to join.
        join_request_id: Option<Text> = "join_request_id",
        /// Its name.
        subject: Option<Text> = "subject",
        /// Its description.
        description: Option<Text> = "description",
        /// How people come in.
        invite_link: Option<Text> = "invite_link",
        /// Whether they have to ask.
        join_approval_mode: Option<Text> = "join_approval_mode",
        /// Why: `invite_link`.
        reason: Option<Text> = "reason",
        /// `business` or `participant`.
        initiated_by: Option<Text> = "initiated_by",
        /// Who came.
        added_participants: Vec<Member> = "added_participants",
        /// Who went.
        removed_participants: Vec<Member> = "removed_participants",
        /// With whom it failed.
        failed_participants: Vec<Member> = "failed_participants",
        /// Who asks to join.
        wa_id: Option<Text> = "wa_id",
        /// Who asks to join, by business-scoped id.
        user_id: Option<Text> = "user_id",
        /// The username of who asks to join.
        username: Option<Text> = "username",
        /// The new picture.
        profile_picture: Option<Setting> = "profile_picture",
        /// The new name.
        group_subject: Option<Setting> = "group_subject",
        /// The new description.
        group_description: Option<Setting> = "group_description",
        /// Why it failed.
        errors: Vec<Problem> = "errors",
    }
}

object! {
    /// A member of a group, or who was to be one.
    pub struct Member {
        /// What the business had written.
        input: Option<Text> = "input",
        /// WhatsApp's id.
        wa_id: Option<Text> = "wa_id",
        /// Business-scoped user id.
        user_id: Option<Text> = "user_id",
        /// The same for all linked portfolios.
        parent_user_id: Option<Text> = "parent_user_id",
        /// The username.
        username: Option<Text> = "username",
        /// Why it failed.
        errors: Vec<Problem> = "errors",
    }
}

object! {
    /// A setting that was to be changed.
    pub struct Setting {
        /// What it is now.
        text: Option<Text> = "text",
        /// Media type of a picture.
        mime_type: Option<Text> = "mime_type",
        /// SHA-256 of a picture.
        sha256: Option<Text> = "sha256",
        /// Whether it was changed.
        update_successful: Option<Flag> = "update_successful",
        /// Why it was not.
        errors: Vec<Problem> = "errors",
    }
}

open_enum! {
    /// What happened to a group; some are printed in two ways.
    pub enum GroupEvent {
        /// It was made.
        Created = "group_create",
        /// It was deleted.
        Deleted = "group_delete",
        /// Somebody came.
        Added = "group_participants_add" | "group_add_participants",
        /// Somebody went.
        Removed = "group_participants_remove" | "group_remove_participants",
        /// Somebody asks to join.
        JoinRequested = "group_join_request_created",
        /// Somebody does not ask any more.
        JoinRevoked = "group_join_request_revoked",
        /// Its name, description or picture were to be changed; the type may be missing.
        Settings = "group_settings_update",
        /// Nobody may write in it.
        Suspended = "group_suspend",
        /// They may again.
        SuspensionCleared = "group_suspend_cleared",
    }
}
