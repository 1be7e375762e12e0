//! A gateway with everything that the inspector shows, and what its providers send.

use std::{
    collections::HashSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wahook_services::free_port;

use super::{
    program::{Gateway, Hook, folder},
    receiver::Receiver,
};

const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const TOKEN: &str = "fedcba9876543210fedcba9876543210";
/// Who writes, and what: nothing of it may be seen before it is revealed.
pub(crate) const PHONE: &str = "15559876543";
pub(crate) const TEXT: &str = "Two kettles to the harbour gate, please";

pub(crate) struct Scene {
    pub(crate) gateway: Gateway,
    pub(crate) receiver: Receiver,
    /// Where the page is, without a slash at its end.
    pub(crate) page: String,
    folder: PathBuf,
}

impl Scene {
    /// Nothing has come yet.
    pub(crate) fn new(name: &str) -> Self {
        let receiver = Receiver::start();
        let folder = folder(name);
        // A free one may be taken by somebody else before the gateway has it: rare, and said when it happens.
        let admin = free_port().unwrap();
        let settings = format!(
            r#"inbox = "sqlite:{0}/inbox.db"
            [admin]
            listen = "127.0.0.1:{admin}"
            token = "{TOKEN}"
            [[sink]]
            name = "log"
            type = "file"
            path = "{0}/events.jsonl"
            [[sink]]
            name = "picky"
            type = "http"
            url = "{1}"
            attempts = 1
            "#,
            folder.display(),
            receiver.url,
        );
        Self {
            gateway: Gateway::start(name, &settings),
            receiver,
            page: format!("http://127.0.0.1:{admin}"),
            folder,
        }
    }

    /// The link of somebody who has the token.
    pub(crate) fn with_token(&self, path: &str) -> String {
        format!("{}{path}#token={TOKEN}", self.page)
    }

    pub(crate) fn hook(&self, provider: &str) -> &Hook {
        let mut hooks = self.gateway.hooks.iter();
        hooks.find(|hook| hook.row.id == provider).unwrap()
    }

    /// Sends a message of our person, once more each time, with this fault if it is not empty.
    pub(crate) fn send(&self, provider: &str, fault: &str) {
        let file = self.folder.join(format!("{provider}.json"));
        fs::write(&file, body(provider)).unwrap();
        let mut more = vec!["--file", file.to_str().unwrap()];
        if !fault.is_empty() {
            more.extend(["--fault", fault]);
        }
        let (code, report) = self.gateway.send(self.hook(provider), "own", &more);
        assert_eq!(code, 0, "{provider} {fault}: {report}");
    }

    /// Something of everything.
    pub(crate) fn traffic(&self) {
        for provider in ["wawp", "waping", "wazapin"] {
            self.send(provider, "");
        }
        self.send("wazapin", "duplicate");
        self.send("wazapin", "tamper");
        self.send("waping", "reencode");
    }

    /// What the endpoint answers to a request with these header lines that nobody signed: head and body.
    pub(crate) fn answer_to_a_stranger(&self, provider: &str, headers: &str) -> (String, String) {
        let url = self.gateway.url(self.hook(provider));
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let head = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}");
        let request = format!("{head}content-length: 2\r\n\r\n{{}}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// What the file sink has.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("events.jsonl")).unwrap_or_default();
        // The last line may be half there.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until the file sink has such a line.
    pub(crate) fn wait_for_line(&self, is_it: impl Fn(&Value) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !self.lines().iter().any(&is_it) {
            assert!(Instant::now() < end, "in vain: {:?}", self.lines());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What may never be in the page: secrets.
    pub(crate) fn secrets(&self) -> HashSet<String> {
        let secrets = self
            .gateway
            .hooks
            .iter()
            .map(|hook| hook.secret().expose().to_owned());
        secrets.chain([TOKEN.to_owned()]).collect()
    }
}

/// A message of our person. Written with spaces, so that it is another text where it is written anew.
fn body(provider: &str) -> String {
    let body = match provider {
        "wawp" => json!({
            "id": "evt_01kdv000000000000000000099",
            "timestamp": 1_767_225_601_123_u64,
            "event": "message",
            "session": "A1B2C3D4E5F6",
            "me": { "id": "15550000001@c.us", "pushName": "Corner Shop" },
            "payload": {
                "id": format!("false_{PHONE}@c.us_3EB0A1B2C3D4E5F60099"),
                "timestamp": 1_767_225_600,
                "from": format!("{PHONE}@c.us"),
                "fromMe": false,
                "to": "15550000001@c.us",
                "body": TEXT,
                "hasMedia": false,
            },
            "engine": "WEBJS",
        }),
        "waping" => json!({
            "eventId": "evt_own0001",
            "type": "message.received",
            "timestamp": "2026-04-05T09:01:00Z",
            "deviceId": "dev_demo1",
            "beyond": 9_007_199_254_740_993_u64,
            "message": { "id": "msg_in_own1", "from": format!("+{PHONE}"), "body": TEXT },
        }),
        _ => json!({
            "event_type": "message.new",
            "organization_id": "org_demo1",
            "channel_id": "wzp_demo1",
            "data": {
                "message_id": "5d1c0f2e-0001-4a6b-8c11-0a1b2c3d4e99",
                "conversation_id": "c0ffee00-0001-4a6b-8c11-0a1b2c3d4e99",
                "direction": "inbound",
                "from_phone": PHONE,
                "msg_type": "text",
                "text": TEXT,
            },
        }),
    };
    serde_json::to_string_pretty(&body).unwrap()
}
