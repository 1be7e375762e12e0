//! Which contact of the envelope an element is about.

use std::collections::HashMap;

use wahook_core::json::Text;

use super::{
    envelope::Typed,
    event::{CallDirection, Contact, Payload, bare},
};

/// The contacts of a value. They pair with its elements by their ids and not by their place: a message of one user may
/// come with the contact of another before it (webhooks/reference/messages, 2026-04).
pub(super) struct Contacts<'a> {
    list: &'a [Typed<'a, Contact>],
    /// By business-scoped id, that of linked portfolios, and WhatsApp's; only where there are many.
    index: Option<HashMap<&'a str, &'a Contact>>,
}

/// So few are looked through faster than looked up.
const FEW: usize = 8;

/// The ids of whom an element is about: the user, not the business.
struct Ids<'a> {
    user_id: Option<&'a Text>,
    parent_user_id: Option<&'a Text>,
    number: Option<&'a Text>,
}

impl<'a> Contacts<'a> {
    /// Of these, but for those that could not be read.
    pub(super) fn new(list: &'a [Typed<'a, Contact>]) -> Self {
        let index = (list.len() > FEW).then(|| {
            let mut index = HashMap::with_capacity(2 * list.len());
            for contact in read(list) {
                for id in ids_of(contact).into_iter().flatten() {
                    index.entry(id).or_insert(contact);
                }
            }
            index
        });
        Self { list, index }
    }

    /// The contact that an element is about. By a number, or by the id of linked portfolios, never one that has another
    /// business-scoped id: whoever changes the number has another one, and numbers are given out again.
    pub(super) fn of(&self, payload: &Payload) -> Option<&'a Contact> {
        if self.list.is_empty() {
            return None;
        }
        let ids = ids(payload)?;
        let user_id = ids.user_id.filter(|id| !id.is_empty());
        let is_nobody_else = |contact: &&Contact| {
            let known = contact.user_id.as_ref().filter(|id| !id.is_empty());
            known.is_none() || user_id.is_none() || known == user_id
        };
        self.find(user_id)
            .or_else(|| self.find(ids.number).filter(is_nobody_else))
            .or_else(|| self.find(ids.parent_user_id).filter(is_nobody_else))
    }

    fn find(&self, id: Option<&Text>) -> Option<&'a Contact> {
        let id = bare(id)?;
        match &self.index {
            Some(index) => index.get(id).copied(),
            None => read(self.list).find(|contact| ids_of(contact).contains(&Some(id))),
        }
    }
}

fn read<'a>(list: &'a [Typed<'a, Contact>]) -> impl Iterator<Item = &'a Contact> {
    list.iter().filter_map(|row| match row {
        Typed::Read(contact) => Some(contact),
        Typed::Raw(_) => None,
    })
}

fn ids_of(contact: &Contact) -> [Option<&str>; 3] {
    [&contact.user_id, &contact.wa_id, &contact.parent_user_id].map(|id| bare(id.as_ref()))
}

fn ids(payload: &Payload) -> Option<Ids<'_>> {
    let [user_id, parent_user_id, number] = match payload {
        Payload::Message(message) => [&message.from_user_id, &message.from_parent_user_id, &message.from],
        Payload::Echo(message) => [&message.to_user_id, &message.to_parent_user_id, &message.to],
        Payload::Status(status) | Payload::CallStatus(status) if status.is_of_group() => [
            &status.recipient_participant_user_id,
            &status.recipient_participant_parent_user_id,
            &status.recipient_participant_id,
        ],
        Payload::Status(status) | Payload::CallStatus(status) => [
            &status.recipient_user_id,
            &status.recipient_parent_user_id,
            &status.recipient_id,
        ],
        Payload::Call(call) if call.direction == Some(CallDirection::BusinessInitiated) => {
            [&call.to_user_id, &call.to_parent_user_id, &call.to]
        }
        Payload::Call(call) => [&call.from_user_id, &call.from_parent_user_id, &call.from],
        Payload::UserPreference(preference) => {
            [&preference.user_id, &preference.parent_user_id, &preference.wa_id]
        }
        _ => return None,
    }
    .map(Option::as_ref);
    Some(Ids {
        user_id,
        parent_user_id,
        number,
    })
}
