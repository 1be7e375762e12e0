//! What comes to a gateway from good and from bad senders.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use wahook_services::Frames;

use super::canary::{DESK, FORGED, GROUP, HEADER, LID, LINE, NAME, PATH, PHONE, QUERY, SHOP, TEXT};
use crate::program::{Gateway, now, signed};

pub(super) fn endpoints() -> String {
    format!(
        "[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SHOP}\"\n\
         [[endpoint]]\nname = \"desk\"\nprovider = \"waping\"\nsecret = \"{DESK}\"\n\
         [[endpoint]]\nname = \"line\"\nprovider = \"wawp\"\nsecret = \"{LINE}\"\n"
    )
}

/// What was said to senders, and the signatures that they sent: a genuine one that is known can be sent again.
pub(super) struct Said {
    pub(super) answers: String,
    pub(super) signatures: Signatures,
}

/// Signatures, in the two ways in which they are written.
#[derive(Default)]
pub(super) struct Signatures(Vec<String>);

impl Signatures {
    /// Those of a request.
    pub(super) fn of(&mut self, head: &str) {
        for line in head.lines() {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            if name == "svix-signature" {
                self.add(STANDARD.decode(value.split(',').next_back().unwrap_or_default()));
            } else if name == "X-Wap-Signature" {
                let bytes = (0..value.len() / 2).map(|at| u8::from_str_radix(&value[2 * at..2 * at + 2], 16));
                self.add(bytes.collect::<Result<Vec<_>, _>>());
            }
        }
    }

    /// Those of a request that is made already.
    pub(super) fn of_headers(&mut self, headers: &HeaderMap) {
        for (name, sent) in [
            ("svix-signature", "svix-signature"),
            ("x-wap-signature", "X-Wap-Signature"),
        ] {
            if let Some(value) = headers.get(name) {
                self.of(&format!("{sent}: {}", value.to_str().unwrap()));
            }
        }
    }

    /// One, if it could be read; what is none is no secret.
    fn add<E>(&mut self, bytes: Result<Vec<u8>, E>) {
        if let Ok(bytes) = bytes {
            self.0
                .push(STANDARD.encode(&bytes).trim_end_matches('=').to_owned());
            self.0.push(hex(&bytes));
        }
    }

    pub(super) fn into_canaries(self) -> Vec<String> {
        assert!(self.0.len() >= 4, "nothing was signed");
        self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signature of a body in hex, as WAPing sends it.
pub(super) fn mac(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Good, repeated, conflicting, forged, malformed, unknown, too large, and no delivery at all; what was answered.
pub(super) fn traffic(gateway: &Gateway) -> Said {
    let shop = format!(
        r#"{{"event_type":"message.new","organization_id":"o1","channel_id":"c1","data":{{"message_id":"m1","conversation_id":"v1","direction":"inbound","type":"text","text":"{TEXT}","body":"{TEXT}","from":"+{PHONE}","from_phone":"{PHONE}","contact":{{"name":"{NAME}"}}}}}}"#
    );
    let desk = format!(
        r#"{{"eventId":"evt_1","type":"message.received","timestamp":"2026-04-05T09:01:00Z","deviceId":"dev_1","message":{{"id":"msg_1","from":"+{PHONE}","body":"{TEXT}","name":"{NAME}"}}}}"#
    );
    let line = format!(
        r#"{{"id":"evt_2","timestamp":1767225601123,"event":"message","session":"S1","me":{{"id":"{PHONE}@c.us","pushName":"{NAME}"}},"payload":{{"id":"false_{PHONE}@c.us_3EB0","timestamp":1767225600,"from":"{PHONE}@c.us","fromMe":false,"to":"{GROUP}@g.us","participant":"{LID}@lid","body":"{TEXT}","_data":{{"notifyName":"{NAME}"}}}}}}"#
    );
    let unknown = shop.replace("message.new", TEXT);
    let other = shop.replace("sings", "is silent, and sings");
    let mut answers = String::new();
    let mut signatures = Signatures::default();
    let mut send = |head: &str, body: &str| {
        let head = format!("{head}\r\nuser-agent: {HEADER}\r\nx-forwarded-for: {HEADER}\r\ncookie: {HEADER}");
        signatures.of(&head);
        let (status, said) = gateway.request(&head, body.as_bytes());
        answers += &format!("{status} {said}\n");
        status
    };
    let at_shop = |id: &str, body: &str| {
        let headers = signed(SHOP, id, now(), body.as_bytes());
        format!("POST /hooks/shop?q={QUERY} HTTP/1.1\r\n{headers}")
    };
    let malformed = format!("{{\"data\": {TEXT} {PHONE}");
    let wrong_types = format!(
        r#"{{"event_type":"message.new","data":{{"message_id":["{PHONE}"],"text":7,"from":{{"x":"{TEXT}"}}}}}}"#
    );
    for (id, body) in [
        ("msg_1", &shop),
        ("msg_1", &shop),
        ("msg_1", &other),
        ("msg_2", &malformed),
        ("msg_3", &unknown),
        ("msg_4", &wrong_types),
    ] {
        let _ = send(&at_shop(id, body), body);
    }
    let _ = send(&at_shop("msg_5", &shop), &other); // tampered with
    let _ = send(&at_shop(HEADER, &shop).replace("v1,", "v2,"), &shop);
    let _ = send(&at_shop("msg_6", &shop), &TEXT.repeat(2000));
    for headers in [
        String::new(),
        format!("svix-id: {HEADER}\r\nsvix-timestamp: {HEADER}\r\nsvix-signature: {HEADER}"),
        format!(
            "svix-id: {HEADER}\r\nsvix-timestamp: {}\r\nsvix-signature: v1,{FORGED}",
            now()
        ),
        format!("svix-id: {HEADER}\r\nsvix-timestamp: 1\r\nsvix-signature: v1,{FORGED}"),
    ] {
        let _ = send(
            &format!("POST /hooks/shop?q={QUERY} HTTP/1.1\r\n{headers}"),
            &shop,
        );
    }
    for (secret, body) in [(DESK, &desk), (DESK, &desk), (DESK, &malformed), (QUERY, &desk)] {
        let signature = mac(secret, body);
        let _ = send(
            &format!("POST /hooks/desk HTTP/1.1\r\nX-Wap-Signature: {signature}"),
            body,
        );
    }
    let _ = send(
        &format!("POST /hooks/desk HTTP/1.1\r\nX-Wap-Signature: {FORGED}"),
        &desk,
    );
    for (token, body) in [(LINE, &line), (LINE, &line), (LINE, &malformed), (QUERY, &line)] {
        let _ = send(&format!("POST /hooks/line?secret={token} HTTP/1.1"), body);
    }
    let _ = send(
        &format!("POST /hooks/line HTTP/1.1\r\nauthorization: Bearer {LINE}"),
        &line,
    );
    let _ = send(&format!("GET /hooks/line?secret={LINE} HTTP/1.1"), "");
    let _ = send(&format!("POST /hooks/{PATH}?secret={LINE} HTTP/1.1"), &line);
    let _ = send(&format!("PUT /{PATH} HTTP/1.1"), &shop);
    for broken in [
        format!("{TEXT}\r\n\r\n").into_bytes(),
        format!("POST /{PATH} HTTP/1.1\r\n{HEADER}\r\n\r\n").into_bytes(),
        Frames::opening()
            .post(1, &format!("/{PATH}"))
            .post_begun(3, PATH)
            .continuation(5, HEADER, PHONE)
            .bytes()
            .to_vec(),
    ] {
        let mut stream = gateway.connect();
        let _ = stream.write_all(&broken);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        answers += &String::from_utf8_lossy(&said);
    }
    Said { answers, signatures }
}

/// One good delivery, and what was answered.
pub(super) fn deliver(gateway: &Gateway, id: &str) -> (u16, String) {
    let body = format!(
        "{{\"event_type\":\"message.new\",\"data\":{{\"message_id\":\"{id}\",\"text\":\"{TEXT}\"}}}}"
    );
    let headers = signed(SHOP, id, now(), body.as_bytes());
    gateway.request(
        &format!("POST /hooks/shop HTTP/1.1\r\n{headers}"),
        body.as_bytes(),
    )
}
