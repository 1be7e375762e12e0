//! What events look like to those who take them.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use wahook_core::model::Event;
use wahook_gateway::sinks::{Form, Format, Stdout};

use super::sinks_common::{AWAY, all, error, event, events, form, read, replayed};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn written(form: Form, events: &[Event]) -> Vec<Value> {
    let paper = Paper::default();
    let sink = Stdout::start(paper.clone(), form).unwrap();
    all(&sink, events).await;
    let bytes = paper.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn cloud(event: Event) -> Value {
    let form = Form {
        format: Format::CloudEvents,
        raw: true,
    };
    written(form, &[event]).await.remove(0)
}

#[tokio::test]
async fn i3_a_line_is_the_event_as_the_schema_has_it() {
    let lines = written(Form::default(), &events(0..3)).await;
    assert_eq!(lines, (0..3).map(form).collect::<Vec<_>>());
}

#[tokio::test]
async fn p_without_raw_nothing_of_it_is_left() {
    for format in [Format::Event, Format::CloudEvents] {
        let lines = written(Form { format, raw: false }, &[event(1)]).await;
        assert!(!lines[0].to_string().contains("\"raw\""), "{}", lines[0]);
    }
}

#[tokio::test]
async fn i3_a_cloud_event_has_what_the_standard_asks_for() {
    assert_eq!(
        cloud(event(1)).await,
        json!({
            "specversion": "1.0",
            "id": "v1:wawp:A1:message:m1",
            "source": "/wahook/wawp/shop/A1",
            "type": "wahook.message.received",
            "subject": "m1",
            "time": "2026-10-03T10:00:00.5Z",
            "datacontenttype": "application/json",
            "data": form(1),
        })
    );
}

#[tokio::test]
async fn i3_what_is_not_known_is_left_out_and_never_null() {
    let mut form = form(1);
    form["occurred_at"] = Value::Null;
    form["account"] = Value::Null;
    form["data"]["message_id"] = Value::Null;
    let cloud = cloud(read(form)).await;
    assert_eq!(cloud["source"], "/wahook/wawp/shop");
    let attributes = cloud.as_object().unwrap();
    assert!(!attributes.contains_key("time") && !attributes.contains_key("subject"));
}

#[tokio::test]
async fn p_attributes_are_legal_whatever_the_provider_says() {
    for hostile in [
        "",
        "a\u{0}b",
        "x\r\nce-id: y",
        "\u{85}",
        "../..",
        "a/b?c#d e%20\"",
        "é😀",
        "..",
        &"x".repeat(100_000),
    ] {
        let mut form = form(1);
        form["account"] = hostile.into();
        form["data"]["message_id"] = hostile.into();
        form["key"] = format!("v1:wawp:{}", hostile.replace(char::is_control, "%00")).into();
        let cloud = cloud(read(form)).await;
        let source = cloud["source"].as_str().unwrap();
        assert!(
            source.starts_with("/wahook/wawp/shop/") && source.is_ascii(),
            "{source}"
        );
        assert_eq!(source.matches('/').count(), 4, "{source}");
        assert!(
            !source.contains(['?', '#', '"', ' ', '\n']) && !source.ends_with("/.."),
            "{source}"
        );
        let id = cloud["id"].as_str().unwrap();
        assert!(id.starts_with("v1:wawp") && id.len() <= 512);
        for text in [Some(id), cloud["subject"].as_str()].into_iter().flatten() {
            assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
        }
    }
}

#[tokio::test]
async fn i4_a_replay_has_an_id_of_its_own_the_same_in_all_attempts() {
    let id = async |event: Event| cloud(event).await["id"].clone();
    assert_eq!(id(replayed(1, 7)).await, "v1:wawp:A1:message:m1#r7");
    let mut second_attempt = replayed(1, 7);
    second_attempt.attempt = Some(2);
    assert_eq!(id(second_attempt).await, id(replayed(1, 7)).await);
    assert_ne!(id(replayed(1, 8)).await, id(replayed(1, 7)).await);
    let mut nameless = replayed(1, 7);
    nameless.replay = None;
    assert_ne!(id(nameless).await, id(event(1)).await);
}

#[tokio::test]
async fn g10_long_keys_that_differ_at_the_end_stay_different() {
    let id = async |end: &str| {
        let mut form = form(1);
        form["key"] = format!("v1:wawp:A1:message:{}{end}", "é".repeat(5000)).into();
        cloud(read(form)).await["id"].clone()
    };
    let (one, two) = (id("1").await, id("2").await);
    assert_ne!(one, two);
    assert!(one.as_str().unwrap().starts_with("v1:wawp:A1:message:é"));
}

#[tokio::test]
async fn i3_nobody_reads_any_more() {
    struct Gone;
    impl io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sink = Stdout::start(Gone, Form::default()).unwrap();
    for _ in 0..2 {
        let (done, kind, _) = error(&sink, &events(0..2)).await;
        assert_eq!((done, kind), (0, AWAY));
    }
    sink.closed().await;
}
