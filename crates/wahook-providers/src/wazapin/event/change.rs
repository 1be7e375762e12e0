//! Conversations, contacts, templates, orders: the pages name their members and show no body (2026-08).

use wahook_core::json::Text;
/// A conversation changed: assignment, status, preview, tags.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConversationUpdated {
    /// The conversation.
    pub conversation_id: Text,
    /// Its state; the words are not public.
    pub status: Option<Text>,
    /// The contact; on no page.
    pub contact_id: Option<Text>,
}

/// A contact changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContactUpdated {
    /// The contact.
    pub contact_id: Text,
    /// Its name.
    pub name: Option<Text>,
}

/// A template was judged by WhatsApp.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TemplateStatus {
    /// The template.
    pub template_id: Text,
    /// The judgement, such as `approved`; compare it without letter case.
    pub status: Text,
}

/// An order or its payment changed. No page names a member of it: these two are read where they are there.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CommerceOrder {
    /// The order.
    pub order_id: Option<Text>,
    /// Its state.
    pub status: Option<Text>,
}
