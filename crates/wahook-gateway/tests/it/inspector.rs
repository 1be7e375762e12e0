//! What the inspector's page asks for, of a gateway that runs.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use jiff::Timestamp;
use serde_json::Value;

use crate::program::{Gateway, answer, folder, now, signed};

const BODY: &str = r#"{"event_type":"message.new","data":{"message_id":"m1","direction":"inbound","from_phone":"15557770001","msg_type":"text","body":"canary-text"}}"#;

/// A question to the admin listener, with the token or without.
fn ask(gateway: &Gateway, data: Option<&Path>, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(gateway.admin()).unwrap();
    let token = data.map_or_else(String::new, |data| {
        let place: Value = serde_json::from_slice(&std::fs::read(data.join("admin.json")).unwrap()).unwrap();
        format!("authorization: Bearer {}\r\n", place["token"].as_str().unwrap())
    });
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{token}x-wahook-request: 1\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    answer(stream)
}

fn json(gateway: &Gateway, data: Option<&Path>, method: &str, path: &str) -> Value {
    let (status, body) = ask(gateway, data, method, path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}"))
}

/// A message, signed; another body than was signed if `forged`.
fn send(gateway: &Gateway, data: &Path, id: &str, forged: bool) -> u16 {
    let secret = std::fs::read_to_string(data.join("secrets/wazapin")).unwrap();
    let body = BODY.replace("m1", id);
    let head = signed(&secret, id, now(), body.as_bytes());
    let body = if forged {
        body.replace("canary-text", "canary-texT")
    } else {
        body
    };
    let head = format!("POST /hooks/wazapin HTTP/1.1\r\nauthorization: Bearer hunter2\r\n{head}");
    gateway.request(&head, body.as_bytes()).0
}

#[test]
fn p_what_came_is_told_with_what_became_of_it_and_nothing_of_what_it_says() {
    let data = folder("inspector");
    let gateway = Gateway::development(&data);
    assert_eq!(send(&gateway, &data, "m1", false), 200);
    assert_eq!(send(&gateway, &data, "m1", false), 200);
    assert_eq!(send(&gateway, &data, "m2", true), 403);
    assert_eq!(gateway.request("POST /hooks/15557770001 HTTP/1.1", b"{}").0, 404);
    let said = json(&gateway, None, "GET", "/api/v1/arrivals");
    let all = said["arrivals"].as_array().unwrap();
    let outcomes: Vec<_> = all.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["stored", "duplicate", "refused", "no_endpoint"]);
    assert_eq!(
        all[1]["first"], all[0]["delivery"],
        "the delivery that it repeats"
    );
    assert_eq!(all[1]["key"], all[0]["key"]);
    assert_eq!(
        (&all[2]["reason"], &all[2]["status"]),
        (&"signature_mismatch".into(), &403.into())
    );
    assert_eq!(said["next"], 4);
    let after = json(&gateway, None, "GET", "/api/v1/arrivals?after=3");
    assert_eq!(after["arrivals"].as_array().unwrap().len(), 1);

    let refused = json(&gateway, None, "GET", "/api/v1/refused");
    assert_eq!(refused["refused"].as_array().unwrap().len(), 1);
    let id = &refused["refused"][0]["id"];
    assert_eq!(*id, all[2]["id"]);
    let path = format!("/api/v1/refused/{id}");
    let masked = json(&gateway, None, "GET", &path);
    assert_eq!(masked["headers"]["authorization"][0], "••••");
    for text in [said.to_string(), refused.to_string(), masked.to_string()] {
        for canary in ["15557770001", "canary", "hunter2", "whsec_"] {
            assert!(!text.contains(canary), "{canary}: {text}");
        }
    }
    // Who has the token may see what it said, and not what it was let in with elsewhere.
    let revealed = format!("{path}?reveal=true");
    assert_eq!(ask(&gateway, None, "GET", &revealed).0, 401);
    let revealed = json(&gateway, Some(&data), "GET", &revealed);
    assert_eq!(revealed["body"]["data"]["from_phone"], "15557770001");
    assert_eq!(revealed["headers"]["authorization"][0], "••••");
    assert_eq!(ask(&gateway, None, "GET", "/api/v1/refused/999").0, 404);
    assert_eq!(ask(&gateway, None, "GET", "/api/v1/refused/x").0, 404);
}

#[test]
fn v4_a_refused_token_is_in_no_answer() {
    let data = folder("inspector-token");
    let gateway = Gateway::development(&data);
    let head = "POST /hooks/wawp?secret=hunter2-hunter2&token=hunter2 HTTP/1.1\r\nx-api-key: hunter2";
    assert_eq!(gateway.request(head, b"{}").0, 401);
    let refused = json(&gateway, None, "GET", "/api/v1/refused");
    let path = format!("/api/v1/refused/{}?reveal=true", refused["refused"][0]["id"]);
    let revealed = json(&gateway, Some(&data), "GET", &path).to_string();
    assert!(!revealed.contains("hunter2"), "{revealed}");
    assert!(revealed.contains("/hooks/wawp"));
}

#[test]
fn a_test_delivery_takes_the_way_of_the_providers() {
    let data = folder("inspector-test");
    let gateway = Gateway::development(&data);
    let endpoints = json(&gateway, None, "GET", "/api/v1/endpoints");
    let endpoints = endpoints["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), wahook_providers::PROVIDERS.len());
    for endpoint in endpoints {
        assert_eq!(endpoint["secrets"], 1);
        assert_eq!(endpoint["last"], Value::Null);
        assert!(!endpoint["setup"].as_array().unwrap().is_empty());
        let path = format!("/api/v1/endpoints/{}/test", endpoint["name"].as_str().unwrap());
        let sent = json(&gateway, Some(&data), "POST", &path);
        assert_eq!(sent["status"], 200, "{sent}");
        let event = gateway.event();
        assert_eq!(event["endpoint"], endpoint["name"]);
        if let Some(at) = event["occurred_at"].as_str() {
            let at: Timestamp = at.parse().unwrap();
            let ago = now() - at.as_second();
            assert!(ago.abs() < 600, "it happens when it is sent: {at}");
        }
        // Each is another one.
        assert_eq!(json(&gateway, Some(&data), "POST", &path)["status"], 200);
        gateway.event();
    }
    let endpoints = json(&gateway, None, "GET", "/api/v1/endpoints");
    assert_eq!(endpoints["endpoints"][0]["last"]["outcome"], "stored");
    assert_eq!(
        ask(&gateway, Some(&data), "POST", "/api/v1/endpoints/nobody/test").0,
        404
    );
}

#[test]
fn a_delivery_can_be_sent_again_from_a_shell() {
    let data = folder("inspector-curl");
    let gateway = Gateway::development(&data);
    assert_eq!(send(&gateway, &data, "m1", false), 200);
    gateway.event();
    let events = json(&gateway, None, "GET", "/api/v1/events");
    let delivery = events["events"][0]["delivery"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/deliveries/{delivery}/curl");
    assert_eq!(ask(&gateway, None, "POST", &path).0, 401);
    let line = json(&gateway, Some(&data), "POST", &path);
    let line = line["curl"].as_str().unwrap();
    assert!(line.starts_with("curl ") && line.contains("15557770001") && line.contains("svix-signature"));
    let line = line.replace("http://127.0.0.1:8080", &format!("http://{}", gateway.address));
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("200 OK") && said.contains("received"), "{said}");
    // It is the same delivery: nothing is handed on again.
    let arrivals = json(&gateway, None, "GET", "/api/v1/arrivals");
    assert_eq!(arrivals["arrivals"][1]["outcome"], "duplicate");
}

#[test]
fn what_came_is_known_by_the_ids_of_the_provider() {
    let data = folder("inspector-known");
    let gateway = Gateway::development(&data);
    let ask = |query: &str| ask(&gateway, None, "GET", &format!("/api/v1/known?{query}"));
    let known = |query: &str| {
        let (status, body) = ask(query);
        assert_eq!(status, 200, "{query}: {body}");
        body
    };
    assert_eq!(send(&gateway, &data, "m1", false), 200);
    assert_eq!(send(&gateway, &data, "m2", false), 200);
    assert_eq!(send(&gateway, &data, "m3", true), 403);
    let query = "endpoint=wazapin&id=m1&id=m3&id=m4&id=m2&id=m1&id=M1";
    assert_eq!(known(query), r#"{"known":[true,false,false,true,true,false]}"#);
    gateway.event();
    gateway.event();
    assert_eq!(known("id=m1&endpoint=wazapin"), r#"{"known":[true]}"#, "done");
    // To be asked for makes nothing a duplicate.
    assert_eq!(send(&gateway, &data, "m3", false), 200);
    let arrivals = json(&gateway, None, "GET", "/api/v1/arrivals?after=3");
    assert_eq!(arrivals["arrivals"][0]["outcome"], "stored");
    assert_eq!(known("endpoint=wazapin&id=m3&id=m4"), r#"{"known":[true,false]}"#);
    // An id is taken as it is, whatever stands in it.
    assert_eq!(known("endpoint=wazapin&id=m3,m4"), r#"{"known":[false]}"#);
    assert_eq!(send(&gateway, &data, "m3,m4", false), 200);
    assert_eq!(known("endpoint=wazapin&id=m3%2Cm4"), r#"{"known":[true]}"#);

    let ids = |count: usize| format!("endpoint=wazapin{}", "&id=m1".repeat(count));
    assert_eq!(known(&ids(100)).matches("true").count(), 100);
    for (query, status, kind) in [
        ("endpoint=nobody&id=m1", 404, "not_found"),
        ("endpoint=waping&id=m1", 409, "no_id"),
        ("endpoint=wawp&id=m1", 409, "no_id"),
        ("endpoint=wazapin", 400, "question"),
        ("endpoint=wazapin&id=", 400, "question"),
        ("endpoint=wazapin&id=m1&id=&id=m2", 400, "question"),
        ("id=m1", 400, "question"),
        ("endpoint=wazapin&endpoint=wawp&id=m1", 400, "question"),
        ("endpoint=wazapin&id=m1&reveal=true", 400, "question"),
        (&ids(101), 400, "question"),
    ] {
        let (told, body) = ask(query);
        assert_eq!(told, status, "{query}: {body}");
        assert!(body.contains(kind), "{query}: {body}");
    }
}

#[test]
fn p_a_body_comes_as_it_came_or_as_a_fixture_that_says_nothing() {
    let data = folder("inspector-body");
    let gateway = Gateway::development(&data);
    // As no other program would write it: it comes back byte for byte.
    let body = br#"{ "event_type":"message.new","event_type":"message.new", "data":{"message_id":"m1","direction":"inbound","from_phone":"15557770001","msg_type":"text","body":"canary-text","n":12345678901234567890.10} }"#;
    let secret = std::fs::read_to_string(data.join("secrets/wazapin")).unwrap();
    let head = format!(
        "POST /hooks/wazapin HTTP/1.1\r\n{}",
        signed(&secret, "m1", now(), body)
    );
    for _ in 0..2 {
        assert_eq!(gateway.request(&head, body).0, 200);
    }
    let event = gateway.event();
    let path = format!("/api/v1/deliveries/{}", event["delivery"]["id"].as_str().unwrap());
    let bytes = format!("{path}/body?reveal=true");
    assert_eq!(ask(&gateway, None, "GET", &bytes).0, 401);
    let (status, came) = ask(&gateway, Some(&data), "GET", &bytes);
    assert_eq!((status, came.as_bytes()), (200, &body[..]));

    let (status, fixture) = ask(&gateway, None, "GET", &format!("{path}/body"));
    assert_eq!(status, 200, "{fixture}");
    let sheet = json(&gateway, None, "GET", &path).to_string();
    let event = json(
        &gateway,
        None,
        "GET",
        &format!("/api/v1/events/{}/0", path.rsplit('/').next().unwrap()),
    );
    for text in [&fixture, &sheet, &event.to_string()] {
        assert!(
            !text.contains("15557770001") && !text.contains("canary"),
            "{text}"
        );
    }
    assert!(
        event["typed"].as_str().unwrap().contains("direction"),
        "its form is shown: {event}"
    );
    let sheet: Value = serde_json::from_str(&sheet).unwrap();
    assert_eq!(sheet["copies"][0]["status"], 200, "{sheet}");
    // Sent, it is another message of the same kind.
    let head = format!(
        "POST /hooks/wazapin HTTP/1.1\r\n{}",
        signed(&secret, "m2", now(), fixture.as_bytes())
    );
    assert_eq!(gateway.request(&head, fixture.as_bytes()).0, 200);
    let again = gateway.event();
    assert_eq!(
        (&again["kind"], &again["name"]),
        (&"message.received".into(), &"message.new".into())
    );
    assert!(again["data"]["content"]["text"].is_string(), "{again}");
}

#[test]
fn i3_a_page_that_listens_is_told_what_comes_and_what_was_read_of_it() {
    let data = folder("inspector-live");
    let gateway = Gateway::development(&data);
    let mut stream = TcpStream::connect(gateway.admin()).unwrap();
    stream
        .write_all(b"GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    assert_eq!(send(&gateway, &data, "m1", false), 200);
    let (mut said, mut bytes) = (String::new(), [0; 4096]);
    while !(said.contains(r#""outcome":"stored""#) && said.contains(r#""kind":"message.received""#)) {
        let read = stream.read(&mut bytes).unwrap();
        assert!(read > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(
        !said.contains("15557770001") && !said.contains("canary"),
        "{said}"
    );
}
