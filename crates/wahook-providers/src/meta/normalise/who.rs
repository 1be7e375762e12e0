//! Who and where.
//!
//! `from`, `to` and `recipient_id` are phone numbers by the pages; a `wa_id` need not be one, so it never becomes one (N5).

use wahook_core::{
    json::Text,
    model::{Chat, ChatType, Identity},
};

use super::{
    super::event::{Contact, Member},
    present,
};

/// A user: by number, by business-scoped id, by both, and by what the envelope tells. The id of linked portfolios has no place
/// of its own: it is how the user is called where there is no other. Put where it stays, for it is large to move.
pub(super) fn person(
    place: &mut Option<Identity>,
    [number, user_id, parent_user_id]: [&Option<Text>; 3],
    contact: Option<&Contact>,
) {
    let number = present(number.as_ref());
    let user_id = present(user_id.as_ref()).or_else(|| present(contact?.user_id.as_ref()));
    let raw = number
        .or(user_id)
        .or_else(|| present(contact?.wa_id.as_ref()))
        .or_else(|| present(parent_user_id.as_ref()))
        .or_else(|| present(contact?.parent_user_id.as_ref()));
    let Some(raw) = raw else {
        return;
    };
    let identity = place.insert(Identity::default());
    if let Some(number) = number {
        identity.set_address(number.clone());
    }
    identity.bsuid = user_id.cloned();
    identity.raw = Some(raw.clone());
    if let Some(profile) = contact.and_then(|contact| contact.profile.as_ref()) {
        identity.username = present(profile.username.as_ref()).cloned();
        identity.name = present(profile.name.as_ref()).cloned();
    }
}

/// A member of a group. What the business had written (`input`) may be an id as well as a number: only a `+` tells.
pub(super) fn member(member: Member) -> Option<Identity> {
    let mut identity = present(member.input.as_ref())
        .filter(|input| input.starts_with('+'))
        .cloned()
        .and_then(Identity::from_address)
        .unwrap_or_default();
    identity.bsuid = present(member.user_id.as_ref()).cloned();
    identity.username = present(member.username.as_ref()).cloned();
    let raw = [
        &member.wa_id,
        &member.input,
        &member.user_id,
        &member.parent_user_id,
        &member.username,
    ];
    identity.raw = Some(raw.into_iter().find_map(|text| present(text.as_ref()))?.clone());
    Some(identity)
}

/// The conversation with a person. It is named by the business-scoped id where there is one: the number may be missing the
/// next time, and the conversation is still the same.
pub(super) fn chat(person: &Identity) -> Chat {
    Chat {
        kind: ChatType::User,
        id: person.bsuid.clone().or_else(|| person.raw.clone()),
        jid: person.jid.clone(),
        lid: person.lid.clone(),
        phone: person.phone.clone(),
        name: None,
    }
}

/// The conversation of a group.
pub(super) fn group(id: &str) -> Chat {
    Chat {
        kind: ChatType::Group,
        ..Chat::opaque(id)
    }
}
