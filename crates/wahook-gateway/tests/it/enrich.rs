//! The content of thin webhooks, from a signed delivery to the line in a file.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use wahook_testkit::stand_in::{Forced, StandIn, Wazapin};

use super::{
    inbox::{lines_of, sink},
    program::{Gateway, SECRET, folder, run, text},
    reload::reload,
    serve::{post, shop, stop},
};

const KEY: &str = "wz_live_0123456789abcdef";
const TEXT: &str = "the moon is blue";

/// The provider's API, and what runs it.
struct Api {
    stand_in: StandIn<Wazapin>,
    _runtime: Runtime,
}

impl Api {
    fn start() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mut play = Wazapin::new(KEY);
        for id in ["m1", "m2", "m3"] {
            play = play.message(json!({"id": id, "type": "text", "content": {"text": TEXT}}));
        }
        let stand_in = runtime.block_on(StandIn::start(play)).unwrap();
        Self {
            stand_in,
            _runtime: runtime,
        }
    }

    fn toml(&self, key: &str, enrich: &str) -> String {
        let url = self.stand_in.url();
        let manage = format!("[endpoint.manage]\napi_key = \"{key}\"\nbase_url = \"{url}\"\n{enrich}\n");
        let file =
            "type = \"file\"\npath = \"events.jsonl\"\nfirst_retry = \"10ms\"\nlongest_retry = \"10ms\"";
        shop("") + &manage + &sink("audit", file)
    }
}

fn send(gateway: &Gateway, delivery: &str, message: &str) -> u16 {
    let body = json!({
        "message_id": message, "conversation_id": "c1", "direction": "inbound", "msg_type": "text",
        "from_phone": "628000000001",
    });
    post(
        gateway,
        "/hooks/shop",
        SECRET,
        delivery,
        body.to_string().as_bytes(),
    )
    .0
}

fn texts(folder: &Path, count: usize) -> Vec<serde_json::Value> {
    let lines = lines_of(&folder.join("events.jsonl"), count);
    lines
        .iter()
        .map(|line| line["data"]["content"]["text"].clone())
        .collect()
}

#[test]
fn n4_the_line_in_the_file_has_the_text_and_without_enrich_it_has_not() {
    for (enrich, wanted) in [
        ("enrich = true", json!(TEXT)),
        ("enrich = false", json!(null)),
        ("", json!(null)),
    ] {
        let (api, folder) = (Api::start(), folder("enrich"));
        let mut gateway = Gateway::with_config(&folder, &api.toml(KEY, enrich));
        assert_eq!(send(&gateway, "msg_1", "m1"), 200);
        assert_eq!(texts(&folder, 1)[0], wanted, "{enrich}");
        let line = &lines_of(&folder.join("events.jsonl"), 1)[0];
        assert_eq!(line["enriched_at"].is_string(), wanted.is_string());
        assert_eq!(line["raw"]["message_id"], "m1");
        assert_eq!(api.stand_in.requests().len(), usize::from(wanted.is_string()));
        assert_eq!(stop(&mut gateway), Vec::<String>::new());
        let log = gateway.log().join("\n");
        assert!(
            !log.contains(TEXT) && !log.contains("628000000001") && !log.contains(KEY),
            "{log}"
        );
    }
}

#[test]
fn a_the_provider_is_answered_while_its_own_api_says_nothing() {
    let (api, folder) = (Api::start(), folder("enrich-silent"));
    let mut gateway = Gateway::with_config(&folder, &api.toml(KEY, "enrich = true"));
    api.stand_in.answer_next(Forced::silence());
    let began = Instant::now();
    assert_eq!(send(&gateway, "msg_1", "m1"), 200);
    assert!(began.elapsed() < Duration::from_secs(4), "a call may take five");
    let file = folder.join("events.jsonl");
    assert_eq!(
        fs::read_to_string(&file).unwrap_or_default(),
        "",
        "it waits for the record"
    );
    // The silence ends by itself, and the next attempt has an answer.
    assert_eq!(texts(&folder, 1), [json!(TEXT)]);
    let line = &lines_of(&file, 1)[0];
    assert_eq!(line["attempt"], 2);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn i3_an_api_that_is_down_holds_nothing_up_for_ever() {
    let (api, folder) = (Api::start(), folder("enrich-down"));
    let mut gateway = Gateway::with_config(&folder, &api.toml(KEY, "enrich = true"));
    for _ in 0..3 {
        api.stand_in.answer_next(Forced::raw(503, "text/plain", "down"));
    }
    assert_eq!(send(&gateway, "msg_1", "m1"), 200);
    assert_eq!(texts(&folder, 1), [json!(null)]);
    assert_eq!(lines_of(&folder.join("events.jsonl"), 1)[0]["attempt"], 3);
    assert_eq!(api.stand_in.requests().len(), 3);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn what_is_remembered_outlives_a_reload_unless_the_key_is_another() {
    let (api, folder) = (Api::start(), folder("enrich-reload"));
    let toml = |more: &str, key: &str| {
        let admin = format!("[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"{TOKEN}\"\n");
        format!("{more}\n{admin}{}", api.toml(key, "enrich = true"))
    };
    let mut gateway = Gateway::with_config(&folder, &toml("", KEY));
    assert_eq!(send(&gateway, "msg_1", "m1"), 200);
    assert_eq!(texts(&folder, 1), [json!(TEXT)]);
    let other_url = toml("public_url = \"https://h.example\"", KEY);
    reload(&gateway, &folder, &other_url, "is in effect");
    // The same message again; another delivery of it would be a copy.
    replay(&gateway, &folder);
    assert_eq!(texts(&folder, 2)[1], json!(TEXT));
    assert_eq!(api.stand_in.requests().len(), 1);
    reload(&gateway, &folder, &toml("", "wz_live_another"), "is in effect");
    replay(&gateway, &folder);
    assert_eq!(texts(&folder, 3)[2], json!(null));
    let asked = api.stand_in.requests();
    assert_eq!(
        (asked.len(), asked[1].header("x-api-key")),
        (2, "wz_live_another")
    );
    gateway.wait_for_log("refuses the key of this endpoint");
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

const TOKEN: &str = "5f0c1d6e7a8b9c0d1e2f3a4b";

fn replay(gateway: &Gateway, folder: &Path) {
    let token = folder.join("token");
    fs::write(&token, TOKEN).unwrap();
    let admin = format!("http://{}", gateway.admin());
    let to = ["--admin", &admin, "--token-file", token.to_str().unwrap()];
    let output = run(&[&["replay", "--endpoint", "shop"], &to[..]].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn config_check_says_where_enrich_makes_no_sense() {
    let folder = folder("enrich-check");
    let file = folder.join("wahook.toml");
    let manage = "[endpoint.manage]\napi_key = \"k\"\nenrich = true\n";
    let check = |toml: String| {
        fs::write(&file, toml).unwrap();
        let output = run(&["config", "check", file.to_str().unwrap()], b"");
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = check(shop("") + manage);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = check(shop("inbox = \"none\"") + manage);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`enrich` needs an inbox"), "{said}");
    let other = "[[endpoint]]\nname = \"a\"\nprovider = \"waping\"\nsecret = \"0123456789abcdef\"\n";
    let (code, said) = check(other.to_owned() + manage);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("wahook.toml:7:1: `enrich` is for endpoints of wazapin"),
        "{said}"
    );
}
