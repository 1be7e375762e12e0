//! Which conversation an event belongs to.

use super::{Chat, Data, Event};

impl Event {
    /// The conversation that it belongs to, as the provider writes it, if it tells one.
    #[must_use]
    pub fn chat(&self) -> Option<&str> {
        let told = match &self.data {
            Data::MessageReceived(data) | Data::MessageSent(data) => told(data.chat.as_ref()),
            Data::MessageStatus(data) => told(data.chat.as_ref()),
            Data::MessageReaction(data) => told(data.chat.as_ref()),
            Data::MessageEdited(data) => told(data.chat.as_ref()),
            Data::MessageDeleted(data) => told(data.chat.as_ref()),
            Data::PollVote(data) => told(data.chat.as_ref()),
            Data::CalendarResponse(data) => told(data.chat.as_ref()),
            Data::Presence(data) => told(data.chat.as_ref()),
            Data::GroupParticipants(data) => data.group_id.as_deref(),
            Data::GroupUpdated(data) => data.group_id.as_deref(),
            Data::ChatUpdated(data) => data.chat_id.as_deref(),
            Data::LabelUpdated(data) => data.chat_id.as_deref(),
            Data::Call(_)
            | Data::ContactUpdated(_)
            | Data::TemplateStatus(_)
            | Data::OrderUpdated(_)
            | Data::AccountUpdated(_)
            | Data::SessionStatus(_)
            | Data::Other(_)
            | Data::Unknown(_)
            | Data::Malformed(_) => None,
        };
        told.filter(|chat| !chat.is_empty())
    }

    /// The message that it is, or is about, by its bare id.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        let id = match &self.data {
            Data::MessageReceived(data) | Data::MessageSent(data) => &data.message_id,
            Data::MessageStatus(data) => &data.message_id,
            Data::MessageReaction(data) => &data.target_message_id,
            Data::MessageEdited(data) => &data.target_message_id,
            Data::MessageDeleted(data) => &data.target_message_id,
            Data::PollVote(data) => &data.poll_message_id,
            Data::CalendarResponse(data) => &data.event_message_id,
            _ => &None,
        };
        id.as_deref()
    }

    /// The lane that keeps its order (I3): one for each chat of an account at an endpoint; without a chat one for the
    /// account, else one for the endpoint. Two different conversations never have one text.
    #[must_use]
    pub fn lane(&self) -> String {
        let account = self.account.as_deref();
        let chat = self.chat();
        let length = |text: Option<&str>| text.map_or(0, str::len);
        let mut lane = String::with_capacity(self.endpoint.len() + length(account) + length(chat) + 8);
        lane.push_str(&self.endpoint);
        // Endpoint names have no such character, and the length says where the account ends.
        if let Some(account) = account {
            lane.push_str(&format!("\n{}\n{account}", account.len()));
        } else if chat.is_some() {
            lane.push_str("\n-\n");
        }
        if let Some(chat) = chat {
            lane.push('\n');
            lane.push_str(chat);
        }
        lane
    }
}

fn told(chat: Option<&Chat>) -> Option<&str> {
    chat?.id.as_deref()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::{
        Delivery,
        json::Raw,
        model::{ChatUpdate, Draft, EventKey},
    };

    fn event(endpoint: &str, account: Option<&str>, chat: Option<&str>) -> Event {
        let delivery = Delivery::dangerous_unverified(
            endpoint,
            http::HeaderMap::new(),
            Bytes::new(),
            Timestamp::UNIX_EPOCH,
        );
        let data = ChatUpdate {
            chat_id: chat.map(Into::into),
            ..ChatUpdate::default()
        };
        let draft = Draft {
            account: account.map(Into::into),
            tenant: None,
            account_identity: None,
            name: None,
            occurred_at: None,
            data: Data::ChatUpdated(data),
            key: EventKey::of_delivery("chat"),
            raw: Raw::default(),
        };
        draft.finish("wawp", &delivery, 0)
    }

    #[test]
    fn i3_a_lane_is_one_conversation_and_two_never_share_one() {
        let cases = [
            ("shop", None, None),
            ("shop", None, Some("a")),
            ("shop", Some("a"), None),
            ("shop", Some(""), None),
            ("shop", Some(""), Some("a")),
            ("shop", Some("a"), Some("b")),
            ("shop", Some("a\nb"), None),
            ("shop", Some("a"), Some("b\nc")),
            ("shop", Some("a\nb"), Some("c")),
            ("shop", Some("-"), Some("a")),
            ("other", Some("a"), Some("b")),
        ];
        let lanes: std::collections::BTreeSet<_> = cases
            .iter()
            .map(|(endpoint, account, chat)| event(endpoint, *account, *chat).lane())
            .collect();
        assert_eq!(lanes.len(), cases.len(), "{lanes:?}");
        assert_eq!(
            event("shop", None, Some("")).lane(),
            event("shop", None, None).lane()
        );
    }
}
