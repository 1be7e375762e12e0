//! What an element of a list is.

use serde_json::value::RawValue;
use wahook_core::json::ReadError;

use super::{
    super::{
        envelope::List,
        event::{Element, Field, HistoryMessage, Payload},
    },
    Place,
};

/// Reads an element of a list; nothing for `null`.
pub(super) fn element(list: List, place: &Place, row: &RawValue) -> Result<Option<Payload>, ReadError> {
    let element = match list {
        // What the business wrote, whatever the list is called.
        List::Messages if matches!(place.field, Field::SmbMessageEchoes | Field::MessageEchoes) => {
            Element::Echo
        }
        List::Messages => Element::Message,
        List::Statuses if place.field == Field::Calls => Element::CallStatus,
        List::Statuses => Element::Status,
        List::Errors => Element::Error,
        List::MessageEchoes => Element::Echo,
        List::StateSync => Element::StateSync,
        List::Groups => Element::Group,
        List::Calls => Element::Call,
        List::UserPreferences => Element::UserPreference,
        List::AutomaticEvents => Element::AutomaticEvent,
    };
    let payload = element.read(row.get())?;
    Ok(match payload {
        // Files of the history follow for themselves, in the same field (webhooks/reference/history, 2026-04).
        Some(Payload::Message(message)) if place.field == Field::History => {
            Some(Payload::HistoryMessage(HistoryMessage {
                message,
                ..HistoryMessage::default()
            }))
        }
        Some(Payload::Message(message)) if place.metadata.is_number(message.from.as_ref()) => {
            Some(Payload::Echo(message))
        }
        Some(Payload::Status(status)) if status.is_of_call() => Some(Payload::CallStatus(status)),
        payload => payload,
    })
}
