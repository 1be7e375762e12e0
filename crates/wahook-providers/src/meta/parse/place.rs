//! Where a change stands.

use std::ops::Range;

use wahook_core::{
    Context, instant,
    json::{Number, Text},
    model::Identity,
};

use super::super::event::{Field, Metadata};

/// Where a change stands, and what it tells about each of its elements.
pub(super) struct Place {
    pub(super) entry: usize,
    pub(super) change: usize,
    /// As sent.
    pub(super) name: Text,
    pub(super) field: Field,
    pub(super) waba_id: Option<Text>,
    pub(super) time: Option<Number>,
    pub(super) metadata: Metadata,
    /// The change and its value in the body, where that is known without a further look.
    pub(super) stands: Option<(Range<usize>, Range<usize>)>,
}

impl Place {
    /// Of something in the change; such as `.value`.
    pub(super) fn path(&self, inside: &str) -> String {
        format!("entry[{}].changes[{}]{inside}", self.entry, self.change)
    }

    pub(super) fn context(&self) -> Context {
        let mut context = Context::default();
        context.account = self.metadata.phone_number_id.clone().and_then(Text::non_empty);
        context.tenant = self.waba_id.clone();
        let number = self.metadata.display_phone_number.clone();
        context.account_identity = number.and_then(Identity::from_address).map(Box::new);
        context.occurred_at = self.time.as_ref().and_then(instant);
        context
    }

    /// The name of a list's elements: the field, and the list where it is not the field's own.
    pub(super) fn name_of(&self, list: &str) -> Text {
        let own = match &self.field {
            Field::SmbMessageEchoes | Field::MessageEchoes => "message_echoes",
            Field::SmbAppStateSync => "state_sync",
            Field::GroupLifecycle | Field::GroupParticipants | Field::GroupSettings | Field::GroupStatus => {
                "groups"
            }
            field => field.as_str(),
        };
        if own == list {
            self.name.clone()
        } else {
            Text::concat(&[&self.name, ".", list])
        }
    }
}
