//! Which contact of the envelope an element is about.

use std::collections::HashMap;

use wahook_core::json::Text;

use super::event::{CallDirection, Contact, Payload};

/// The contacts of a value. They pair with its elements by their ids and not by their place: a message of one user may
/// come with the contact of another before it (webhooks/reference/messages, 2026-04).
#[derive(Debug, Default)]
pub(super) struct Contacts {
    list: Vec<Contact>,
    /// By business-scoped id and by WhatsApp's; only where there are many.
    index: HashMap<Text, usize>,
}

/// So few are looked through faster than looked up.
const FEW: usize = 8;

impl Contacts {
    pub(super) fn new(list: Vec<Contact>) -> Self {
        let mut index = HashMap::new();
        if list.len() > FEW {
            for (place, contact) in list.iter().enumerate() {
                for id in [&contact.user_id, &contact.wa_id].into_iter().flatten() {
                    if !id.is_empty() {
                        index.entry(id.clone()).or_insert(place);
                    }
                }
            }
        }
        Self { list, index }
    }

    /// The contact that an element is about.
    pub(super) fn of(&self, payload: &Payload) -> Option<&Contact> {
        if self.list.is_empty() {
            return None;
        }
        let [user_id, number] = ids(payload)?;
        self.find(user_id).or_else(|| self.find(number))
    }

    fn find(&self, id: Option<&Text>) -> Option<&Contact> {
        let id = id.filter(|id| !id.is_empty())?;
        // A number may have a `+` in the tables, and has none in any sample.
        let bare = id.strip_prefix('+').unwrap_or(id);
        if self.list.len() > FEW {
            return self.index.get(bare).and_then(|place| self.list.get(*place));
        }
        self.list.iter().find(|contact| {
            let is = |known: &Option<Text>| known.as_deref() == Some(bare);
            is(&contact.user_id) || is(&contact.wa_id)
        })
    }
}

/// Business-scoped id and number of whom an element is about: the user, not the business.
fn ids(payload: &Payload) -> Option<[Option<&Text>; 2]> {
    Some(match payload {
        Payload::Message(message) => [message.from_user_id.as_ref(), message.from.as_ref()],
        Payload::Echo(message) => [message.to_user_id.as_ref(), message.to.as_ref()],
        Payload::Status(status) | Payload::CallStatus(status) if status.is_of_group() => [
            status.recipient_participant_user_id.as_ref(),
            status.recipient_participant_id.as_ref(),
        ],
        Payload::Status(status) | Payload::CallStatus(status) => {
            [status.recipient_user_id.as_ref(), status.recipient_id.as_ref()]
        }
        Payload::Call(call) if call.direction == Some(CallDirection::BusinessInitiated) => {
            [call.to_user_id.as_ref(), call.to.as_ref()]
        }
        Payload::Call(call) => [call.from_user_id.as_ref(), call.from.as_ref()],
        Payload::UserPreference(preference) => [preference.user_id.as_ref(), preference.wa_id.as_ref()],
        _ => return None,
    })
}
