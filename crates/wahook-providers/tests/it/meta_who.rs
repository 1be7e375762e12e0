//! Meta: who said it, to whom, and what is no message of a contact.

use serde_json::{Value, json};
use wahook_core::model::{ChatType, Content, Data, Direction, Event as Normal, Kind, Message, Origin};

use crate::meta::{all, change, messages, only, parsed, text};

fn one(field: &str, value: Value) -> Normal {
    only(all(change(field, value).to_string()))
}

fn message(message: Value) -> Normal {
    only(all(messages(&[message]).to_string()))
}

fn received(event: &Normal) -> &Message {
    match &event.data {
        Data::MessageReceived(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn n4_what_the_business_wrote_never_comes_from_a_contact() {
    let own = json!({"from": "15550000009", "to": "15550000002", "id": "wamid.1", "timestamp": "1767225600", "type": "text",
        "text": {"body": "hi"}});
    // In the lists of echoes whatever the list is called, and in every field from its own number.
    for (field, list, from) in [
        ("smb_message_echoes", "messages", "15550000009"),
        ("smb_message_echoes", "messages", ""),
        ("message_echoes", "messages", "15550000007"),
        ("messages", "messages", "15550000009"),
        ("messages", "messages", "+15550000009"),
        ("calls", "messages", "15550000009"),
        ("messages", "message_echoes", "15550000009"),
    ] {
        let mut own = own.clone();
        own["from"] = from.into();
        let event = one(field, json!({ list: [own] }));
        let Data::MessageSent(sent) = &event.data else {
            panic!("{field}.{list} {from}: {event:?}")
        };
        assert_eq!(sent.direction, Direction::Outbound);
        let recipient = sent.recipient.as_ref().unwrap();
        assert_eq!(recipient.phone.as_deref(), Some("+15550000002"));
        assert_eq!(sent.chat.as_ref().unwrap().id.as_deref(), Some("15550000002"));
        assert_eq!(event.key, "v1:meta:p1:message:wamid.1");
    }
    // Where nothing tells, it is no news.
    for field in [
        "calls",
        "user_preferences",
        "group_status_update",
        "automatic_events",
    ] {
        let body = change(field, json!({"messages": [text("wamid.2")]}));
        let event = only(all(body.to_string()));
        assert_eq!(event.kind(), Kind::Other, "{field}");
        assert_ne!(event.key, "v1:meta:p1:message:wamid.2");
        let items = parsed(body.to_string());
        assert_eq!(items[0].known().unwrap().is_of_business(), None);
    }
}

#[test]
fn n4_an_edit_or_revoke_of_the_business_is_not_the_users() {
    let edit = json!({"id": "wamid.2", "type": "edit", "from": "15550000009", "to": "15550000002", "timestamp": "1767225600",
        "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "x"}}}});
    let revoke = json!({"id": "wamid.3", "type": "revoke", "from": "15550000009", "to": "15550000002", "timestamp": "1767225600",
        "revoke": {"original_message_id": "wamid.1"}});
    let echo = |message: &Value| one("smb_message_echoes", json!({"message_echoes": [message]}));
    assert_eq!(echo(&edit).kind(), Kind::Other);
    assert_eq!(echo(&edit).key, "v1:meta:p1:edited:wamid.2");
    let Data::MessageDeleted(deleted) = echo(&revoke).data else {
        panic!()
    };
    assert_eq!(deleted.by.unwrap().phone.as_deref(), Some("+15550000009"));
    let (mut theirs, mut taken_back) = (edit, revoke);
    theirs["from"] = json!("15550000002");
    taken_back["from"] = json!("15550000002");
    assert_eq!(message(theirs).kind(), Kind::MessageEdited);
    let Data::MessageDeleted(deleted) = message(taken_back.clone()).data else {
        panic!()
    };
    assert_eq!(deleted.by.unwrap().phone.as_deref(), Some("+15550000002"));
    // Nobody tells whose number it is.
    let mut body = change("smb_message_echoes", json!({"message_echoes": [taken_back]}));
    body["entry"][0]["changes"][0]["value"]["metadata"] = json!(null);
    body["entry"][0]["changes"][0]["value"]["message_echoes"][0]["from"] = json!(null);
    assert_eq!(only(all(body.to_string())).kind(), Kind::Other);
}

#[test]
fn n5_an_id_of_linked_portfolios_is_better_than_none() {
    let event = message(
        json!({"id": "m", "type": "text", "text": {"body": "hi"}, "from": "", "from_parent_user_id": "US.ENT.7"}),
    );
    let said = received(&event);
    let sender = said.sender.as_ref().unwrap();
    assert_eq!(
        (sender.raw.as_deref(), sender.bsuid.as_deref()),
        (Some("US.ENT.7"), None)
    );
    let chat = said.chat.as_ref().unwrap();
    assert_eq!(
        (chat.kind, chat.id.as_deref()),
        (ChatType::User, Some("US.ENT.7"))
    );
    // It pairs as well.
    let mut body = messages(&[json!({"id": "m", "type": "text", "from_parent_user_id": "US.ENT.7"})]);
    body["entry"][0]["changes"][0]["value"]["contacts"] = json!([{"parent_user_id": "US.ENT.6", "profile": {"name": "Ada"}},
        {"parent_user_id": "US.ENT.7", "user_id": "US.2", "profile": {"name": "Ana"}}]);
    let event = only(all(body.to_string()));
    let sender = received(&event).sender.as_ref().unwrap();
    assert_eq!(
        (sender.name.as_deref(), sender.bsuid.as_deref()),
        (Some("Ana"), Some("US.2"))
    );
    let status = json!({"id": "m", "status": "read", "recipient_parent_user_id": "US.ENT.7"});
    let Data::MessageStatus(status) = one("messages", json!({"statuses": [status]})).data else {
        panic!()
    };
    assert_eq!(status.recipient.unwrap().raw.as_deref(), Some("US.ENT.7"));
}

#[test]
fn n2_contacts_are_context_and_the_typed_event_has_all_of_their_ids() {
    let contact = |user_id: &str| {
        json!({"wa_id": "15550000002", "user_id": user_id, "parent_user_id": "US.ENT.7", "identity_key_hash": "h",
            "profile": {"name": "Ana", "country_code": "US"}})
    };
    let mut body = messages(&[json!({"id": "m", "type": "text", "from_user_id": "US.2"})]);
    // Nothing is about the second one: it is no item.
    body["entry"][0]["changes"][0]["value"]["contacts"] = json!([contact("US.2"), contact("US.3")]);
    let items = parsed(body.to_string());
    assert_eq!(items.len(), 1);
    let told = items[0].known().unwrap().contact.clone().unwrap();
    let ids = [
        &told.wa_id,
        &told.user_id,
        &told.parent_user_id,
        &told.identity_key_hash,
    ];
    assert_eq!(
        ids.map(|id| id.as_deref().unwrap()),
        ["15550000002", "US.2", "US.ENT.7", "h"]
    );
    assert_eq!(told.profile.unwrap().country_code.as_deref(), Some("US"));
    // In the neutral form there are a name and one id, which is what the documentation of the provider says.
    let event = only(all(body.to_string()));
    let sender = received(&event).sender.clone().unwrap();
    assert_eq!(
        (sender.bsuid.as_deref(), sender.name.as_deref()),
        (Some("US.2"), Some("Ana"))
    );
    assert!(!serde_json::to_string(&event).unwrap().contains("US.ENT.7"));
}

#[test]
fn n5_a_contact_is_nobody_else() {
    let paired = |message: Value, contacts: Vec<Value>| {
        let mut body = messages(&[message]);
        body["entry"][0]["changes"][0]["value"]["contacts"] = contacts.into();
        let items = parsed(body.to_string());
        let contact = items[0].known().unwrap().contact.clone();
        contact
            .and_then(|contact| contact.profile?.name)
            .map(|name| name.into_string())
    };
    let contact =
        |wa_id: &str, user_id: &str| json!({"wa_id": wa_id, "user_id": user_id, "profile": {"name": "Ana"}});
    let from = |number: &str, user_id: &str| json!({"id": "m", "type": "text", "from": number, "from_user_id": user_id});
    let others = || (0..9).map(|n| contact(&format!("1666000000{n}"), &format!("US.9{n}")));
    for many in [false, true] {
        let with = |one: Value| -> Vec<Value> {
            let others = others().filter(|_| many);
            std::iter::once(one).chain(others).collect()
        };
        let ana = Some("Ana".to_owned());
        // A `+` on either side.
        for (number, wa_id) in [("15550000002", "+15550000002"), ("+15550000002", "15550000002")] {
            assert_eq!(paired(from(number, ""), with(contact(wa_id, ""))), ana);
            assert_eq!(paired(from(number, ""), with(contact(wa_id, "US.1"))), ana);
            assert_eq!(paired(from(number, "US.1"), with(contact(wa_id, ""))), ana);
            assert_eq!(paired(from(number, "US.1"), with(contact(wa_id, "US.1"))), ana);
            assert_eq!(paired(from(number, "US.2"), with(contact(wa_id, "US.1"))), None);
        }
    }
}

#[test]
fn n5_what_the_business_had_written_is_a_number_with_a_plus_only() {
    let member = |input: &str| {
        let group = json!({"timestamp": "1767225600", "group_id": "g", "type": "group_participants_remove",
            "removed_participants": [{"input": input}]});
        let Data::GroupParticipants(group) =
            one("group_participants_update", json!({"groups": [group]})).data
        else {
            panic!()
        };
        (
            group.participants[0]
                .phone
                .clone()
                .map(|phone| phone.into_string()),
            group.participants[0].raw.clone().unwrap().into_string(),
        )
    };
    assert_eq!(
        member("+15550000002"),
        (Some("+15550000002".to_owned()), "+15550000002".to_owned())
    );
    assert_eq!(member("15550000002"), (None, "15550000002".to_owned()));
    assert_eq!(member("100000000000002"), (None, "100000000000002".to_owned()));
}

#[test]
fn n4_nobody_is_there_to_answer_a_message_of_the_system() {
    let event = message(
        json!({"id": "m", "type": "system", "from": "15550000002", "timestamp": "1767225600",
        "system": {"body": "Ana changed", "type": "user_changed_number", "wa_id": "15550000004"}}),
    );
    assert_eq!(received(&event).origin, Origin::Unknown);
    assert_eq!(received(&message(text("m"))).origin, Origin::Contact);
}

#[test]
fn n4_a_status_that_names_a_member_is_of_a_group() {
    for (name, shown) in [
        ("recipient_participant_id", Some("+15550000002")),
        ("recipient_participant_user_id", None),
        ("recipient_participant_parent_user_id", None),
    ] {
        let status = |member: &str| {
            let mut status = json!({"id": "m", "status": "read", "recipient_id": "Y2Fw"});
            status[name] = member.into();
            one("messages", json!({"statuses": [status]}))
        };
        let event = status("15550000002");
        let Data::MessageStatus(data) = &event.data else {
            panic!()
        };
        let chat = data.chat.as_ref().unwrap();
        assert_eq!((chat.kind, chat.id.as_deref()), (ChatType::Group, Some("Y2Fw")));
        let recipient = data.recipient.as_ref().unwrap();
        assert_eq!(
            (recipient.phone.as_deref(), recipient.raw.as_deref()),
            (shown, Some("15550000002"))
        );
        assert_eq!(event.key, "v1:meta:p1:status:m:15550000002:read");
        assert_ne!(event.key, status("15550000003").key);
    }
}

#[test]
fn n4_without_its_object_it_is_neither_a_removal_nor_news() {
    for kind in ["reaction", "edit", "revoke"] {
        let event =
            message(json!({"id": "wamid.1", "type": kind, "from": "15550000002", "timestamp": "1767225600"}));
        assert_eq!(event.kind(), Kind::Other, "{kind}");
        assert_eq!(event.key, "v1:meta:p1:message.unavailable:wamid.1", "{kind}");
    }
}

#[test]
fn g10_what_is_incomplete_does_not_swallow_what_is_whole() {
    let error = json!([{"code": 131_052, "title": "Media download error"}]);
    let image = json!({"id": "1", "mime_type": "image/jpeg"});
    for incomplete in [
        json!({"type": "text"}),
        json!({"type": "image"}),
        json!({"type": "image", "image": image, "errors": error}),
        json!({"type": "contacts", "contacts": []}),
        json!({"type": "interactive", "interactive": {"type": "button_reply"}}),
        json!({"type": "interactive"}),
        json!({"type": "unsupported", "errors": error}),
        json!({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "x"}, "timestamp": "1", "errors": error}),
        json!({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}, "errors": error}),
        json!({}),
    ] {
        let mut incomplete = incomplete;
        incomplete["id"] = json!("wamid.1");
        let key = message(incomplete.clone()).key;
        assert_eq!(key, "v1:meta:p1:message.unavailable:wamid.1", "{incomplete}");
    }
    for whole in [
        text("wamid.1"),
        json!({"id": "wamid.1", "type": "image", "image": image}),
        json!({"id": "wamid.1", "type": "request_welcome"}),
        json!({"id": "wamid.1", "type": "hologram"}),
        json!({"id": "wamid.1", "type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "a"}}}),
    ] {
        assert_eq!(
            message(whole.clone()).key,
            "v1:meta:p1:message:wamid.1",
            "{whole}"
        );
    }
}

#[test]
fn n4_what_went_wrong_with_a_file_stands_beside_it() {
    let errors =
        json!([{"code": 131_052, "title": "Media download error", "error_data": {"details": "Too large"}}]);
    let event = message(json!({"id": "m", "type": "document", "errors": errors}));
    let Content::Document(document) = &received(&event).content else {
        panic!("{event:?}")
    };
    assert_eq!(document.media.error.as_deref(), Some("Too large"));
    let event = message(json!({"id": "m", "type": "text", "text": {"body": ""}}));
    let absent = message(json!({"id": "m", "type": "text", "text": {}}));
    assert_eq!(received(&event).content, received(&absent).content);
}
