//! A provider with one defect at a time: each must be noticed by the rule that is about it, and an honest one by none.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, value::RawValue};
use wahook_core::{
    Context, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Malformed, Parsed, Provider, Secret,
    json::{Raw, Scanned, Text, read, scan},
    model::{Chat, Content, Data, Draft, EventKey, Identity, Message, NameSource},
    proof::{Proof, StandardWebhooks},
};
use wahook_testkit::{
    Sample,
    provider::{self as rules, Contract},
};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Defect {
    #[default]
    None,
    PanicsWhenEmpty,
    SwallowsWhatIsBroken,
    DropsABadNeighbour,
    WritesRawAnew,
    RefusesUnknownFields,
    TakesNullForText,
    RefusesHalfACharacter,
    Counts,
    CallsHiddenIds,
    KeysByAnUnsignedHeader,
    HasOneKeyForAll,
    KeysByAnIdThatIsNone,
    NamesEventsByDelivery,
    HasOneEventForAll,
}

#[derive(Debug, Default)]
struct Acme {
    defect: Defect,
    count: AtomicU32,
}

#[derive(Clone, Debug, serde::Deserialize)]
struct Note {
    id: Option<Text>,
    text: Option<Text>,
    from: Option<Text>,
}

impl Acme {
    fn item(&self, body: Bytes) -> Parsed<Note> {
        let strict = |body: &[u8]| match serde_json::from_slice::<Note>(body) {
            Ok(_) => read::<Note>(body),
            Err(_) => read::<Note>(b"{"),
        };
        let result = match self.defect {
            Defect::RefusesHalfACharacter if body.windows(5).any(|piece| piece == b"\\ud83") => strict(&body),
            Defect::RefusesUnknownFields if body.windows(8).any(|piece| piece == b"x_wahook") => read(b"{"),
            _ => read::<Note>(&body),
        };
        let raw = match (self.defect, serde_json::from_slice::<Value>(&body)) {
            (Defect::WritesRawAnew, Ok(value)) => Raw::new(value.to_string().into()),
            _ => Raw::new(body),
        };
        match result {
            Ok(event) => Parsed::Known { event, raw },
            Err(error) => Parsed::Malformed(Malformed::new(None, error, Context::default(), raw)),
        }
    }
}

impl Provider for Acme {
    type Event = Note;

    const ID: &'static str = "acme";

    fn habits(&self) -> Habits {
        Habits::new(
            Duration::from_secs(60),
            Duration::from_secs(60),
            Duration::from_secs(5),
        )
    }

    fn key(&self, _proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed {
        let key = match (self.defect, scan(body, ["id"])) {
            (Defect::HasOneKeyForAll, _) => DeliveryKey::body("one"),
            (Defect::KeysByAnUnsignedHeader, _) if headers.contains_key("x-request-id") => {
                DeliveryKey::header("forged")
            }
            (_, Scanned::Object([Some(id)])) => DeliveryKey::body(id.as_str()),
            _ => DeliveryKey::digest(body),
        };
        Keyed::new(key, None)
    }

    fn key_of_id(&self, id: &str) -> Option<DeliveryKey> {
        (self.defect == Defect::KeysByAnIdThatIsNone).then(|| DeliveryKey::header(id))
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Note>> {
        let body = &delivery.body;
        assert!(self.defect != Defect::PanicsWhenEmpty || !body.is_empty());
        let items = match serde_json::from_slice::<Vec<Box<RawValue>>>(body) {
            Ok(items) => items
                .iter()
                .map(|item| self.item(item.get().to_owned().into()))
                .collect(),
            Err(_) => vec![self.item(body.clone())],
        };
        match self.defect {
            Defect::SwallowsWhatIsBroken => items.into_iter().filter(|item| !item.is_malformed()).collect(),
            Defect::DropsABadNeighbour if items.len() > 1 => {
                items.into_iter().filter(|item| !item.is_malformed()).collect()
            }
            _ => items,
        }
    }

    fn normalise(&self, item: Parsed<Note>, delivery: &Delivery) -> Draft {
        let (note, raw) = match item {
            Parsed::Known { event, raw } => (event, raw),
            Parsed::Unknown(unknown) => return Draft::unknown(unknown),
            Parsed::Malformed(malformed) => return Draft::malformed(malformed),
        };
        let from = note.from.as_ref().map(Text::as_str);
        let mut sender = from.and_then(Identity::from_address);
        if let (Defect::CallsHiddenIds, Some(sender)) = (self.defect, &mut sender) {
            sender.phone = sender
                .lid
                .as_ref()
                .map(|lid| format!("+{}", lid.trim_end_matches("@lid")).into());
        }
        let says_null = raw.as_json().is_some_and(|json| json.contains("\"text\":null"));
        let count = self.count.fetch_add(1, Ordering::Relaxed).to_string();
        let text = match self.defect {
            Defect::TakesNullForText if says_null => Some("null".to_owned()),
            Defect::Counts => Some(count),
            _ => note.text.map(Text::into_string),
        };
        let id = note.id.map(Text::into_string);
        let key = match (self.defect, &id) {
            (Defect::HasOneEventForAll, _) => EventKey::new("message").part("one"),
            (Defect::NamesEventsByDelivery, _) => EventKey::new("message").part(&delivery.key.text),
            (_, Some(id)) => EventKey::new("message").part(id),
            (_, None) => EventKey::of_delivery("message"),
        };
        Draft {
            account: None,
            tenant: None,
            account_identity: None,
            name: Some(("note".into(), NameSource::Guessed)),
            occurred_at: None,
            data: Data::MessageReceived(Box::new(Message {
                message_id: id.map(Into::into),
                chat: from.and_then(Chat::from_address),
                sender,
                content: text.map_or_else(Content::default, Content::text),
                ..Message::default()
            })),
            key,
            raw,
        }
    }
}

fn contract(defect: Defect) -> Contract {
    let acme = Acme {
        defect,
        ..Acme::default()
    };
    let samples = vec![
        Sample::new(
            "acme",
            "note",
            br#"{"id":"evt_1","text":"hello","from":"155500010001@lid", "more":{"a":1}}"#,
        ),
        Sample::new(
            "acme",
            "bare",
            br#"{"id":"evt_2","text":null,"from":"15550001@c.us"}"#,
        ),
    ];
    if defect != Defect::KeysByAnIdThatIsNone {
        return Contract::new(acme, samples);
    }
    // Nobody keys by an id that nothing proves.
    let secret = Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let scheme = StandardWebhooks::new(secret.clone().into()).unwrap();
    Contract::of(Endpoint::new("contract", acme, scheme).unwrap(), secret, samples)
}

wahook_testkit::provider_contract!(honest);

fn honest() -> Vec<Contract> {
    vec![contract(Defect::None)]
}

/// A rule, and the defect that it must notice.
type Case = (Defect, fn(&Contract));

#[test]
fn every_rule_notices_the_defect_it_is_about() {
    let cases: [Case; 18] = [
        (Defect::PanicsWhenEmpty, rules::n1_no_body_breaks_it),
        (Defect::PanicsWhenEmpty, rules::n1_what_is_no_json_is_malformed),
        (Defect::SwallowsWhatIsBroken, rules::n1_no_body_breaks_it),
        (
            Defect::SwallowsWhatIsBroken,
            rules::n1_what_is_no_json_is_malformed,
        ),
        (Defect::SwallowsWhatIsBroken, rules::n1_what_is_cut_is_malformed),
        (
            Defect::SwallowsWhatIsBroken,
            rules::n1_a_value_of_another_type_harms_nothing_else,
        ),
        (
            Defect::DropsABadNeighbour,
            rules::n1_a_list_gives_one_item_for_each_of_its_own,
        ),
        (Defect::WritesRawAnew, rules::n2_raw_is_what_was_sent),
        (
            Defect::RefusesUnknownFields,
            rules::n2_an_unknown_field_changes_nothing,
        ),
        (Defect::TakesNullForText, rules::n2_missing_and_null_are_the_same),
        (
            Defect::RefusesHalfACharacter,
            rules::n3_half_a_character_makes_nothing_malformed,
        ),
        (Defect::Counts, rules::n4_reading_is_pure),
        (Defect::CallsHiddenIds, rules::n5_a_hidden_id_is_no_phone_number),
        (
            Defect::KeysByAnUnsignedHeader,
            rules::g6_a_key_is_the_same_for_every_attempt,
        ),
        (Defect::HasOneKeyForAll, rules::g6_two_deliveries_are_two_keys),
        (
            Defect::KeysByAnIdThatIsNone,
            rules::g6_the_key_of_an_id_is_that_of_its_delivery,
        ),
        (
            Defect::NamesEventsByDelivery,
            rules::g10_event_keys_say_what_was_said,
        ),
        (
            Defect::HasOneEventForAll,
            rules::g10_two_occurrences_are_two_events,
        ),
    ];
    for (place, (defect, rule)) in cases.into_iter().enumerate() {
        let contract = contract(defect);
        let broken = catch_unwind(AssertUnwindSafe(|| rule(&contract)));
        assert!(broken.is_err(), "case {place}: {defect:?} was not noticed");
    }
}
