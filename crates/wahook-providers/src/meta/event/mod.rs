//! What Meta says, in its own words.
//!
//! A delivery is an envelope: entries (business accounts) with changes (a field, and a value), most of them with lists of
//! elements. Each element is one event here, with what its envelope tells beside it.

mod account;
mod call;
mod common;
mod content;
mod group;
mod history;
mod interactive;
mod message;
mod status;
mod template;

use std::marker::PhantomData;

use wahook_core::{
    json::{Number, ReadError, Text, read_text},
    open_enum,
};

pub(in crate::meta) use self::common::bare;
use crate::object::Boxed;

pub use self::{
    account::{
        AccountAlert, AccountEvent, AccountReview, AccountUpdate, Alert, AutomaticEvent, Ban,
        BusinessCapability, Decision, Disconnection, PaymentConfiguration, PaymentState, PhoneEvent,
        PhoneName, PhoneQuality, PreferenceValue, Purchase, Restriction, Security, SecurityEvent, Severity,
        UserPreference, Violation, WabaInfo,
    },
    call::{Call, CallDirection, CallEnd, CallEvent, CallSession},
    common::{Contact, Metadata, Problem, ProblemData, Profile},
    content::{
        Button, Card, CardAddress, CardEmail, CardName, CardOrg, CardPhone, CardUrl, Location, Media, Order,
        OrderLine, Reaction, System, SystemType, TextBody, Unsupported,
    },
    group::{Group, GroupEvent, Member, Setting},
    history::{BookContact, HistoryChunk, HistoryMessage, StateSync, StateSyncAction, StateSyncTime},
    interactive::{CallPermission, Form, Interactive, InteractiveType, Permission, Reply},
    message::{
        Context, Edit, HistoryContext, HistoryStatus, IdentityCheck, Message, MessageType, Referral,
        ReferralSource, ReferredProduct, Revoke, TextOnly,
    },
    status::{
        Category, Conversation, ConversationOrigin, Pricing, PricingModel, PricingType, RecipientType,
        Status, StatusWord,
    },
    template::{
        DisableInfo, OtherInfo, Quality, RejectionInfo, TemplateCategory, TemplateComponents,
        TemplateQuality, TemplateState, TemplateStatus,
    },
};

/// One event. A view: what it does not name is in the item's `raw` (N2).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The field as sent, and the list after a dot where it is not the field's own: `messages`, `messages.statuses`.
    pub name: Text,
    /// The field, by which the app subscribes.
    pub field: Field,
    /// The business account: the entry's id.
    pub waba_id: Option<Text>,
    /// When the entry was made: seconds since 1970, only for account, template and number fields.
    pub time: Option<Number>,
    /// Whose number it is.
    pub metadata: Metadata,
    /// The contact among those of the envelope that it is about, by its ids.
    pub contact: Option<Box<Contact>>,
    /// What it says.
    pub payload: Payload,
}

impl Event {
    /// Whether the business itself wrote, where it is a message: in echoes it did, in the field `messages` a user did, and in
    /// the history, which has both directions, `from` is its number then (webhooks/reference/history, 2026-04). Nothing where
    /// neither field nor number tells.
    ///
    /// ```
    /// # use wahook_core::{Delivery, Provider};
    /// # use wahook_providers::meta::Meta;
    /// # let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"wamid.1","from":"15550000002","type":"text"}]}}]}]}"#;
    /// # let delivery = Delivery::dangerous_unverified("shop", http::HeaderMap::new(), body.into(), "2026-01-01T00:00:00Z".parse()?);
    /// let items = Meta::default().parse(&delivery);
    /// assert_eq!(items[0].known().unwrap().is_of_business(), Some(false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_of_business(&self) -> Option<bool> {
        match &self.payload {
            Payload::Message(_) => (self.field == Field::Messages).then_some(false),
            Payload::Echo(_) => Some(true),
            Payload::HistoryMessage(history) => {
                let from = history.message.from.as_ref();
                let is_told = [from, self.metadata.display_phone_number.as_ref()]
                    .into_iter()
                    .all(|number| bare(number).is_some());
                is_told.then(|| self.metadata.is_number(from))
            }
            _ => None,
        }
    }
}

macro_rules! payloads {
    (
        elements { $($(#[$element_doc:meta])* $element:ident($element_type:ty),)+ }
        values { $($(#[$value_doc:meta])* $value:ident($value_type:ty) = $word:literal,)+ }
        fields { $($(#[$field_doc:meta])* $field:ident = $field_word:literal $(| $alias:literal)*,)+ }
    ) => {
        /// What an event says.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Payload {
            $($(#[$element_doc])* $element(Box<$element_type>),)+
            $($(#[$value_doc])* $value(Box<$value_type>),)+
            /// A piece of the history; its messages are events of their own.
            HistoryChunk(HistoryChunk),
            /// A message of the history, of either direction.
            HistoryMessage(HistoryMessage),
        }

        /// What an element of a list is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Element { $($element),+ }

        impl Element {
            /// Reads an element; nothing for `null`.
            pub(super) fn read(self, json: &str) -> Result<Option<Payload>, ReadError> {
                Ok(match self {
                    $(Self::$element => read_text(json, || Boxed(PhantomData))?.map(Payload::$element),)+
                })
            }
        }

        open_enum! {
            /// What a change is about; by this name an app subscribes (webhooks/overview, 2026-04).
            pub enum Field {
                $($(#[$field_doc])* $field = $field_word $(| $alias)*,)+
                $($(#[$value_doc])* $value = $word,)+
            }
        }

        impl Field {
            /// Reads a value that is one thing; nothing for `null`, and for a field whose value holds lists.
            pub(super) fn read(&self, json: &str) -> Result<Option<Payload>, ReadError> {
                Ok(match self {
                    $(Self::$value => read_text(json, || Boxed(PhantomData))?.map(Payload::$value),)+
                    _ => None,
                })
            }

            /// Whether the value holds lists.
            pub(super) const fn has_lists(&self) -> bool {
                matches!(self, $(Self::$field)|+)
            }
        }
    };
}

payloads! {
    elements {
        /// A user wrote, or something happened to what was written; in another field than `messages` nothing tells who did.
        Message(Message),
        /// The business wrote: in an echo, or from its own number.
        Echo(Message),
        /// How far a message has come.
        Status(Status),
        /// How far a call of the business has come.
        CallStatus(Status),
        /// Something went wrong with the app, the account or the message beside it.
        Error(Problem),
        /// A contact of the app's address book changed.
        StateSync(StateSync),
        /// Something happened to a group.
        Group(Group),
        /// A call.
        Call(Call),
        /// What a user wants to be told.
        UserPreference(UserPreference),
        /// What was noticed in a conversation.
        AutomaticEvent(AutomaticEvent),
    }
    values {
        /// A template changed its state.
        TemplateStatus(TemplateStatus) = "message_template_status_update",
        /// A template's quality.
        TemplateQuality(TemplateQuality) = "message_template_quality_update",
        /// A template's parts.
        TemplateComponents(TemplateComponents) = "message_template_components_update",
        /// A template's category.
        TemplateCategory(TemplateCategory) = "template_category_update",
        /// The business account changed.
        AccountUpdate(AccountUpdate) = "account_update",
        /// The business account was looked at.
        AccountReview(AccountReview) = "account_review_update",
        /// Something to know about the business account.
        AccountAlert(AccountAlert) = "account_alerts",
        /// How much the business may do.
        BusinessCapability(BusinessCapability) = "business_capability_update",
        /// A number's limits.
        PhoneQuality(PhoneQuality) = "phone_number_quality_update",
        /// A number's name was looked at.
        PhoneName(PhoneName) = "phone_number_name_update",
        /// A number's PIN.
        Security(Security) = "security",
        /// A way to be paid.
        PaymentConfiguration(PaymentConfiguration) = "payment_configuration_update",
    }
    fields {
        /// Messages, and how far they have come.
        Messages = "messages",
        /// What the business wrote in its app.
        SmbMessageEchoes = "smb_message_echoes",
        /// Named among the overrides only.
        MessageEchoes = "message_echoes",
        /// What was said before.
        History = "history",
        /// The app's address book.
        SmbAppStateSync = "smb_app_state_sync",
        /// Calls.
        Calls = "calls",
        /// What users want to be told.
        UserPreferences = "user_preferences",
        /// What was noticed in conversations.
        AutomaticEvents = "automatic_events",
        /// Groups came and went.
        GroupLifecycle = "group_lifecycle_update",
        /// Members came and went; printed in two ways.
        GroupParticipants = "group_participants_update" | "group_participant_update",
        /// Groups were changed.
        GroupSettings = "group_settings_update",
        /// Groups were suspended.
        GroupStatus = "group_status_update",
    }
}
