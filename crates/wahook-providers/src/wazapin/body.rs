//! The members of a body, flat or wrapped, read in one pass whatever the event turns out to be.

use serde::de::MapAccess;

use crate::slot::{Object, Slot, TextSlot, object_shape, pass};

/// A body before it is known what it is.
#[derive(Debug, Default)]
pub(super) struct Body<'de> {
    pub(super) event_type: TextSlot<'de>,
    pub(super) kind: TextSlot<'de>,
    pub(super) event: TextSlot<'de>,
    pub(super) event_id: TextSlot<'de>,
    pub(super) occurred_at: TextSlot<'de>,
    /// What is at the top: the event in the flat form.
    pub(super) top: Fields<'de>,
    /// What is under `data`: the event in the wrapped forms.
    pub(super) data: Slot<Fields<'de>>,
}

impl<'de> Object<'de> for Body<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "event_type" => self.event_type.take(map),
            "type" => self.kind.take(map),
            "event" => self.event.take(map),
            "event_id" => self.event_id.take(map),
            // `timestamp` is what Standard Webhooks recommends; no page of Wazapin shows it.
            "occurred_at" | "timestamp" => self.occurred_at.take(map),
            "data" => self.data.take(map),
            _ => self.top.member(name, map),
        }
    }
}

macro_rules! fields {
    ($($field:ident = $name:literal $(| $alias:literal)*),+ $(,)?) => {
        /// Every member of every event: all of them are short texts.
        #[derive(Debug, Default)]
        pub(super) struct Fields<'de> {
            $(pub(super) $field: TextSlot<'de>,)+
            /// Whether any has a wrong shape. Nearly none ever has: only then is it worth a look which.
            pub(super) any_wrong: bool,
        }

        impl<'de> Object<'de> for Fields<'de> {
            fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                let slot = match name {
                    $($name $(| $alias)* => &mut self.$field,)+
                    _ => return pass(map),
                };
                slot.take(map)?;
                self.any_wrong |= matches!(slot, Slot::Wrong);
                Ok(())
            }
        }
    };
}

fields! {
    message_id = "message_id",
    conversation_id = "conversation_id",
    contact_id = "contact_id",
    channel_id = "channel_id",
    organization_id = "organization_id",
    chat_id = "chat_id",
    template_id = "template_id",
    order_id = "order_id",
    direction = "direction",
    from_phone = "from_phone",
    to = "to" | "to_phone",
    msg_type = "msg_type",
    body = "body",
    status = "status",
    name = "name",
    error = "error",
    error_code = "error_code",
    failure_reason = "failure_reason",
}

object_shape!(Fields);

impl Fields<'_> {
    /// Whether it names a thing of its own, so that a `data` beside it is no wrapper's.
    pub(super) fn names_something(&self) -> bool {
        [
            &self.message_id,
            &self.conversation_id,
            &self.contact_id,
            &self.template_id,
        ]
        .iter()
        .any(|id| id.text().is_some())
    }
}
