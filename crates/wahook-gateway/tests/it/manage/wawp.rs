//! Wawp, which signs with what it is told, and WAPing, which documents less.

use std::{collections::HashSet, fs, path::PathBuf};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wahook_testkit::stand_in::{Forced, Form, StandIn, Waping, Wawp};

use super::KEY;
use crate::program::{folder, run, text};

#[test]
fn wawp_is_told_its_token_and_its_own_webhook_stays() {
    let phone = Phone::new("manage-wawp", Wawp::new("A1B2C3D4E5F6", KEY), "");
    phone.wawp.index_keyed(true);
    let wahook = |args: &[&str]| phone.wahook(args);
    let urls = || phone.urls();
    phone.write(SECRET_FILE, "");
    let (code, said) = wahook(&["endpoints", "list"]);
    assert_eq!(code, 2);
    assert!(said.contains("instance_id"), "{said}");
    phone.write(SECRET_FILE, &format!("{INSTANCE}events = [\"message\"]\n"));
    let (code, said) = wahook(&["endpoints", "create", "phone"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        urls(),
        [format!("https://hooks.example.com/hooks/phone?secret={TOKEN}")]
    );
    let (code, said) = wahook(&["endpoints", "list"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("the provider's own") && said.contains("?…"),
        "{said}"
    );
    assert!(
        said.contains("https://app.wawp.net/…") && !said.contains("system-token"),
        "the token of its own is in the path: {said}"
    );
    let (_, said) = wahook(&["endpoints", "list", "--json"]);
    assert!(!said.contains("system-token"), "{said}");
    // Another token: the URL is another one, and what comes by the one of before is refused.
    fs::write(phone.folder.join("token"), "fedcba9876543210fedcba9876543210").unwrap();
    let (code, said) = wahook(&["endpoints", "list"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("another token") && said.contains("endpoints update phone"),
        "{said}"
    );
    let (_, said) = wahook(&["endpoints", "list", "--json"]);
    let listed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&listed["stale"], &listed["missing"]),
        (&json!(["phone"]), &json!([]))
    );
    assert_eq!(listed["registered"][0]["stale"], true, "{said}");
    let (code, said) = wahook(&["doctor", "--live"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("error: phone: the provider delivers to endpoint `phone` with another token"),
        "{said}"
    );
    let (code, said) = wahook(&["endpoints", "update", "phone"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        urls(),
        ["https://hooks.example.com/hooks/phone?secret=fedcba9876543210fedcba9876543210"]
    );
    let (code, said) = wahook(&["secrets", "rotate", "phone"]);
    assert_eq!(code, 2);
    assert!(said.contains("--new-secret-file"), "{said}");
    let (code, said) = wahook(&["endpoints", "test", "phone"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("Wawp documents no call for a test delivery"),
        "{said}"
    );
    assert_eq!(wahook(&["endpoints", "delete", "phone"]).0, 0);
    assert!(urls().is_empty());
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const INSTANCE: &str = "instance_id = \"A1B2C3D4E5F6\"\n";
const SECRET_FILE: &str = "secret_file = \"token\"\n";

/// An endpoint of Wawp's, and what its provider has.
struct Phone {
    _runtime: Runtime,
    wawp: StandIn<Wawp>,
    folder: PathBuf,
}

impl Phone {
    /// With these lines more in [endpoint.manage].
    fn new(name: &str, wawp: Wawp, manage: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let wawp = runtime.block_on(StandIn::start(wawp)).unwrap();
        let folder = folder(name);
        fs::write(folder.join("key"), KEY).unwrap();
        fs::write(folder.join("token"), TOKEN).unwrap();
        let phone = Self {
            _runtime: runtime,
            wawp,
            folder,
        };
        phone.write(SECRET_FILE, &format!("{INSTANCE}{manage}"));
        phone
    }

    /// A configuration with these lines in the endpoint, and in what says how its provider is reached.
    fn write(&self, endpoint: &str, manage: &str) {
        let toml = format!(
            "public_url = \"https://hooks.example.com\"\n[[endpoint]]\nname = \"phone\"\nprovider = \"wawp\"\n{endpoint}\
             [endpoint.manage]\napi_key_file = \"key\"\nbase_url = \"{}\"\n{manage}",
            self.wawp.url()
        );
        fs::write(self.folder.join("wahook.toml"), toml).unwrap();
    }

    /// The exit code, and what is said.
    fn wahook(&self, args: &[&str]) -> (i32, String) {
        let file = self.folder.join("wahook.toml");
        let mut all = args.to_vec();
        all.extend(["--config", file.to_str().unwrap()]);
        let output = run(&all, b"");
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        for secret in [TOKEN, KEY, "stale-token"] {
            assert!(!said.contains(secret), "{args:?}: {said}");
        }
        (output.status.code().unwrap(), said)
    }

    fn urls(&self) -> Vec<String> {
        let url = |one: &serde_json::Map<String, Value>| one["url"].as_str().unwrap().to_owned();
        self.wawp.with(|wawp| wawp.webhooks().iter().map(url).collect())
    }
}

#[test]
fn wawp_is_told_the_secret_that_it_signs_with_wherever_that_is_from() {
    let phone = Phone::new("manage-wawp-signed", Wawp::new("A1B2C3D4E5F6", KEY), "");
    let manage = format!("{INSTANCE}events = [\"message\"]\n");
    let inline = format!("secret = \"{TOKEN}\"\n");
    let several = format!("secrets = [\"{TOKEN}\", \"fedcba9876543210fedcba9876543210\"]\n");
    for secret in [SECRET_FILE, &inline, &several] {
        phone.write(
            &format!("{secret}options = {{ scheme = \"hmac-sha512\" }}\n"),
            &manage,
        );
        phone.wawp.take_requests();
        let (code, said) = phone.wahook(&["endpoints", "create", "phone"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(phone.urls(), ["https://hooks.example.com/hooks/phone"]);
        let requests = phone.wawp.take_requests();
        let told = requests.iter().filter(|one| one.method != "GET");
        let told: Vec<_> = told
            .map(|one| String::from_utf8_lossy(&one.body).into_owned())
            .collect();
        assert!(told.iter().any(|body| body.contains(TOKEN)), "{secret}: {told:?}");
        assert_eq!(phone.wahook(&["endpoints", "delete", "phone"]).0, 0);
    }
}

#[test]
fn the_token_is_told_to_nobody_by_an_error_that_quotes_the_url() {
    let wawp = Wawp::new("A1B2C3D4E5F6", KEY);
    let phone = Phone::new("manage-wawp-quoted", wawp, "events = [\"message\"]\n");
    let url = format!("https://hooks.example.com/hooks/phone?secret={TOKEN}");
    let mut told = 0;
    for form in Form::ALL {
        for text in [
            format!("{url} is not reachable"),
            format!("parameter {TOKEN} is not reachable"),
        ] {
            phone
                .wawp
                .answer_next_to("/set", Forced::saying(400, *form, "bad_url", &text));
            let (code, said) = phone.wahook(&["endpoints", "create", "phone"]);
            assert_eq!(code, 3, "{said}");
            told += usize::from(said.contains("… is not reachable"));
        }
    }
    assert!(told >= 2, "{told}");
}

#[test]
fn registrations_with_tokens_of_before_are_told_apart_and_taken_away() {
    let stale = |n: u32| format!("https://hooks.example.com/hooks/phone?secret=stale-token-{n}");
    let own = format!("https://hooks.example.com/hooks/phone?secret={TOKEN}");
    let other = "https://hooks.example.com/hooks/other?secret=stale-token-1";
    let made = || {
        let all = [stale(1), own.clone(), other.to_owned(), stale(2)];
        all.iter().fold(Wawp::new("A1B2C3D4E5F6", KEY), |wawp, url| {
            wawp.webhook(&json!({"url": url, "events": ["message"], "is_active": 1}))
        })
    };
    let phone = Phone::new("manage-wawp-stale", made(), "");
    let (code, said) = phone.wahook(&["endpoints", "list", "--json"]);
    assert_eq!(code, 0, "{said}");
    let listed: Value = serde_json::from_str(&said).unwrap();
    let rows = listed["registered"].as_array().unwrap();
    assert_eq!(rows.len(), 5, "{said}");
    let ids: HashSet<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5, "{said}");

    let (code, said) = phone.wahook(&["doctor", "--live"]);
    assert_eq!(code, 1);
    assert!(said.contains("with tokens of before as well"), "{said}");
    let (code, said) = phone.wahook(&["endpoints", "update", "phone"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(phone.urls(), [own.as_str(), other]);
    let events = phone.wawp.with(|wawp| wawp.webhooks()[0]["events"].clone());
    assert_eq!(
        events,
        json!(["message"]),
        "no list is written where none was given"
    );

    let phone = Phone::new("manage-wawp-delete", made(), "");
    assert_eq!(phone.wahook(&["endpoints", "delete", "phone"]).0, 0);
    assert_eq!(phone.urls(), [other]);
    let (code, said) = phone.wahook(&["endpoints", "create", "phone"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("name the events"), "{said}");
}

#[test]
fn the_one_webhook_there_is_does_not_go_because_its_url_is_written_otherwise() {
    let same = format!("https://HOOKS.example.com:443/hooks/phone/?secret={TOKEN}");
    let elsewhere = "https://tunnel.example/x";
    let wawp = [same.as_str(), elsewhere]
        .iter()
        .fold(Wawp::new("A1B2C3D4E5F6", KEY), |wawp, url| {
            wawp.webhook(&json!({"url": url, "events": ["message"], "is_active": 0}))
        });
    let phone = Phone::new("manage-wawp-written", wawp, "");
    let update = |event: &str| {
        let (code, said) = phone.wahook(&["endpoints", "update", "phone", "--event", event]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(phone.urls(), [same.as_str(), elsewhere]);
        let webhooks = phone.wawp.with(|wawp| wawp.webhooks().to_vec());
        webhooks
            .iter()
            .map(|one| one["events"][0].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(update("message.any"), ["message.any", "message"]);
    // One that leads here in a way that only its owner knows is changed where it is.
    phone.write(SECRET_FILE, &format!("{INSTANCE}endpoint_id = \"{elsewhere}\"\n"));
    assert_eq!(update("message.ack"), ["message.any", "message.ack"]);
    phone.write(
        SECRET_FILE,
        &format!("{INSTANCE}dangerous_token_in_query = true\n"),
    );
    phone.wawp.take_requests();
    assert_eq!(phone.wahook(&["endpoints", "list"]).0, 0);
    let asked = phone.wawp.take_requests();
    assert_eq!(asked[0].parameter("access_token"), Some(KEY));
}

#[test]
fn of_waping_no_more_is_asked_than_it_documents() {
    let runtime = Runtime::new().unwrap();
    let waping = runtime.block_on(StandIn::start(Waping::new(KEY))).unwrap();
    let folder = folder("manage-waping");
    fs::write(folder.join("key"), KEY).unwrap();
    fs::write(folder.join("secret"), "0123456789abcdef0123456789abcdef").unwrap();
    let toml = format!(
        "public_url = \"https://hooks.example.com\"\n[[endpoint]]\nname = \"line\"\nprovider = \"waping\"\nsecret_file = \"secret\"\n\
         [endpoint.manage]\napi_key_file = \"key\"\nbase_url = \"{}\"\n",
        waping.url()
    );
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let wahook = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--config", file.to_str().unwrap()]);
        let output = run(&all, b"");
        (
            output.status.code().unwrap(),
            format!("{}{}", text(&output.stdout), text(&output.stderr)),
        )
    };
    let (_, said) = wahook(&["doctor", "--live"]);
    assert!(said.contains("live: line: device "), "{said}");
    assert!(
        said.contains("documents no call that tells what it delivers to"),
        "{said}"
    );
    for (args, what) in [
        (&["endpoints", "create", "line"][..], "setting up webhooks"),
        (&["endpoints", "update", "line"], "changing webhooks"),
        (&["endpoints", "delete", "line"], "deleting webhooks"),
        (&["endpoints", "test", "line"], "a test delivery"),
        (&["endpoints", "list"], "listing webhooks"),
        (&["missed", "list"], "deliveries that failed"),
    ] {
        let (code, said) = wahook(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(
            said.contains(&format!("WAPing documents no call for {what};")),
            "{said}"
        );
    }
    let (code, said) = wahook(&["secrets", "rotate", "line"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--new-secret-file"), "{said}");
    let paths: Vec<_> = waping
        .take_requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(paths, ["/v1/devices"]);
}
