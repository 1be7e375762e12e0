//! Templates.

use wahook_core::{
    json::{Raw, Text},
    open_enum,
};

use crate::object::object;

object! {
    /// A template changed its state (webhooks/reference/message_template_status_update, 2026-04).
    pub struct TemplateStatus {
        /// The state.
        event: Option<TemplateState> = "event",
        /// Its id: a number beyond 2^50.
        message_template_id: Option<Text> = "message_template_id",
        /// Its name.
        message_template_name: Option<Text> = "message_template_name",
        /// Its language: `en_US`, or `en-US`.
        message_template_language: Option<Text> = "message_template_language",
        /// Its category.
        message_template_category: Option<Text> = "message_template_category",
        /// Why; the text `NONE` for nothing.
        reason: Option<Text> = "reason",
        /// Since when it is disabled.
        disable_info: Option<DisableInfo> = "disable_info",
        /// More words.
        other_info: Option<OtherInfo> = "other_info",
        /// Why it was refused.
        rejection_info: Option<RejectionInfo> = "rejection_info",
    }
}

object! {
    /// Since when a template is disabled.
    pub struct DisableInfo {
        /// Seconds since 1970, or a date.
        disable_date: Option<Text> = "disable_date",
    }
}

object! {
    /// More words about a state.
    pub struct OtherInfo {
        /// A short text.
        title: Option<Text> = "title",
        /// A long text.
        description: Option<Text> = "description",
    }
}

object! {
    /// Why a template was refused.
    pub struct RejectionInfo {
        /// Why.
        reason: Option<Text> = "reason",
        /// What to do.
        recommendation: Option<Text> = "recommendation",
    }
}

object! {
    /// A template's quality (webhooks/reference/message_template_quality_update, 2026-04).
    pub struct TemplateQuality {
        /// Before.
        previous_quality_score: Option<Quality> = "previous_quality_score",
        /// Now.
        new_quality_score: Option<Quality> = "new_quality_score",
        /// Its id.
        message_template_id: Option<Text> = "message_template_id",
        /// Its name.
        message_template_name: Option<Text> = "message_template_name",
        /// Its language.
        message_template_language: Option<Text> = "message_template_language",
    }
}

object! {
    /// A template's parts (webhooks/reference/message_template_components_update, 2026-04).
    pub struct TemplateComponents {
        /// Its id.
        message_template_id: Option<Text> = "message_template_id",
        /// Its name.
        message_template_name: Option<Text> = "message_template_name",
        /// Its language.
        message_template_language: Option<Text> = "message_template_language",
        /// The head.
        message_template_title: Option<Text> = "message_template_title",
        /// The text.
        message_template_element: Option<Text> = "message_template_element",
        /// The foot.
        message_template_footer: Option<Text> = "message_template_footer",
        /// The buttons, as sent.
        message_template_buttons: Option<Raw> = "message_template_buttons",
    }
}

object! {
    /// A template's category (webhooks/reference/template_category_update, 2026-04).
    pub struct TemplateCategory {
        /// Its id.
        message_template_id: Option<Text> = "message_template_id",
        /// Its name.
        message_template_name: Option<Text> = "message_template_name",
        /// Its language.
        message_template_language: Option<Text> = "message_template_language",
        /// Before.
        previous_category: Option<Text> = "previous_category",
        /// Now, or soon.
        new_category: Option<Text> = "new_category",
        /// What Meta thinks it is.
        correct_category: Option<Text> = "correct_category",
    }
}

open_enum! {
    /// The state of a template.
    pub enum TemplateState {
        /// It may be sent.
        Approved = "APPROVED",
        /// It was put away.
        Archived = "ARCHIVED",
        /// It was deleted.
        Deleted = "DELETED",
        /// It may not be sent any more.
        Disabled = "DISABLED",
        /// Its quality is low.
        Flagged = "FLAGGED",
        /// Somebody objects.
        InAppeal = "IN_APPEAL",
        /// There are too many.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// It cannot be changed.
        Locked = "LOCKED",
        /// It rests.
        Paused = "PAUSED",
        /// It is being looked at.
        Pending = "PENDING",
        /// It is being deleted.
        PendingDeletion = "PENDING_DELETION",
        /// It may be sent again.
        Reinstated = "REINSTATED",
        /// It was refused.
        Rejected = "REJECTED",
        /// It was taken out again.
        Unarchived = "UNARCHIVED",
    }
}

open_enum! {
    /// The quality of a template.
    pub enum Quality {
        /// Good.
        Green = "GREEN",
        /// Low.
        Red = "RED",
        /// Not known yet.
        Unscored = "UNKNOWN",
        /// Middling.
        Yellow = "YELLOW",
    }
}
