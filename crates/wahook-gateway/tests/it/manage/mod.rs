//! What providers deliver to, set up from the shell, against providers that are stood in for over HTTP.

mod live;
mod missed;
mod rotation;
mod wawp;

use std::{fs, path::PathBuf, process::Output};

use serde_json::Value;
use tokio::runtime::Runtime;
use wahook_services::free_port;
use wahook_testkit::{
    sample,
    stand_in::{Forced, Form, StandIn, Wazapin},
};

use crate::program::{Gateway, folder, run, text};

const KEY: &str = "wzk-0123456789abcdef-never-told";
const TOKEN: &str = "fedcba9876543210fedcba9876543210";
const OLD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A provider, and the configuration of an endpoint of its.
struct Scene {
    runtime: Runtime,
    wazapin: StandIn<Wazapin>,
    folder: PathBuf,
    port: u16,
    toml: String,
}

impl Scene {
    fn new(name: &str, wazapin: Wazapin) -> Self {
        let runtime = Runtime::new().unwrap();
        let wazapin = runtime.block_on(StandIn::start(wazapin)).unwrap();
        let folder = folder(name);
        let (port, admin) = (free_port().unwrap(), free_port().unwrap());
        fs::write(folder.join("key"), KEY).unwrap();
        fs::write(folder.join("shop"), OLD).unwrap();
        let toml = format!(
            "listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\ninbox = \"sqlite:inbox.db\"\n\
             [admin]\nlisten = \"127.0.0.1:{admin}\"\ntoken = \"{TOKEN}\"\n\
             [[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret_file = \"shop\"\n\
             [endpoint.manage]\napi_key_file = \"key\"\nbase_url = \"{}\"\nevents = [\"message.new\"]\n\
             [[sink]]\nname = \"log\"\ntype = \"file\"\npath = \"events.jsonl\"\n",
            wazapin.url()
        );
        fs::write(folder.join("wahook.toml"), &toml).unwrap();
        Self {
            runtime,
            wazapin,
            folder,
            port,
            toml,
        }
    }

    /// The gateway, where the provider delivers to.
    fn gateway(&self) -> Gateway {
        let file = self.folder.join("wahook.toml");
        let at = format!("127.0.0.1:{}", self.port);
        Gateway::start_as(
            &["serve", "--config", file.to_str().unwrap(), "--listen", &at],
            |line| line.strip_prefix("listening on http://").map(str::to_owned),
        )
    }

    /// What a verb says, and its exit code. No secret is in it.
    fn wahook(&self, args: &[&str]) -> (i32, String, String) {
        let file = self.folder.join("wahook.toml");
        let mut all = args.to_vec();
        all.extend(["--config", file.to_str().unwrap()]);
        let Output {
            status,
            stdout,
            stderr,
        } = run(&all, b"");
        let (stdout, stderr) = (text(&stdout), text(&stderr));
        let mut secrets = vec![KEY.to_owned(), OLD.to_owned()];
        secrets.extend(self.wazapin.with(|wazapin| {
            let hooks = wazapin.hooks().iter();
            hooks.flat_map(|hook| hook.secrets.clone()).collect::<Vec<_>>()
        }));
        for secret in secrets {
            assert!(
                !format!("{stdout}{stderr}").contains(&secret),
                "{args:?}: {stdout}{stderr}"
            );
        }
        (status.code().unwrap(), stdout, stderr)
    }

    fn json(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.push("--json");
        let (_, stdout, stderr) = self.wahook(&all);
        serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{args:?}: {stdout}{stderr}"))
    }

    /// An endpoint that delivers to the gateway, whose secret the gateway has; there was none before.
    fn created(&self) {
        fs::remove_file(self.folder.join("shop")).unwrap();
        let (code, said, error) = self.wahook(&["endpoints", "create", "shop"]);
        assert_eq!(code, 0, "{error}");
        assert!(said.starts_with("shop: created (ep_"), "{said}");
    }

    /// The provider has something to tell: what it was answered.
    fn emits(&self) -> Option<u16> {
        let sample = sample("wazapin", "message.new").unwrap();
        let id = self.runtime.block_on(self.wazapin.emit(&sample));
        self.wazapin.with(|wazapin| {
            let mut all = wazapin.deliveries().iter();
            all.find(|one| one.message_id == id).unwrap().answered
        })
    }

    fn secret(&self) -> String {
        fs::read_to_string(self.folder.join("shop")).unwrap()
    }
}

#[test]
fn an_endpoint_is_made_listed_changed_tried_and_deleted_from_the_shell() {
    let scene = Scene::new("manage-endpoints", Wazapin::new(KEY));
    let (code, _, said) = scene.wahook(&["endpoints", "list"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("`wahook endpoints create shop` has it do so"),
        "{said}"
    );
    scene.created();
    let hook = scene.wazapin.with(|wazapin| wazapin.hooks()[0].clone());
    assert_eq!(hook.url, format!("http://127.0.0.1:{}/hooks/shop", scene.port));
    assert_eq!(hook.filter_types, ["message.new"]);
    assert_eq!(
        scene.secret().trim(),
        hook.secrets[0],
        "what the provider made is kept, and nothing beside it"
    );
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(scene.folder.join("shop")).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // Twice would be two.
    let (code, _, said) = scene.wahook(&["endpoints", "create", "shop"]);
    assert_eq!(code, 2, "{said}");

    let listed = scene.json(&["endpoints", "list"]);
    let row = &listed["registered"][0];
    assert_eq!(
        (&row["endpoint"], &row["events"][0]),
        (&"shop".into(), &"message.new".into()),
        "{listed}"
    );

    let gateway = scene.gateway();
    assert_eq!(scene.emits(), Some(200));
    let (code, said, error) = scene.wahook(&["endpoints", "test", "shop"]);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("asked for a test delivery (msg_"), "{said}");
    assert!(
        scene
            .wazapin
            .with(|wazapin| wazapin.deliveries().iter().all(|one| one.is_done()))
    );
    drop(gateway);

    let (code, _, error) = scene.wahook(&[
        "endpoints",
        "update",
        "shop",
        "--event",
        "message.new",
        "--event",
        "message.sent",
    ]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(
        scene
            .wazapin
            .with(|wazapin| wazapin.hooks()[0].filter_types.len()),
        2
    );
    assert_eq!(scene.wahook(&["endpoints", "delete", "shop"]).0, 0);
    assert!(scene.wazapin.with(|wazapin| wazapin.hooks().is_empty()));
    assert_eq!(
        scene.wahook(&["endpoints", "delete", "shop"]).0,
        1,
        "there is none"
    );
}

#[test]
fn v5_an_endpoint_that_is_made_while_the_gateway_runs_loses_nothing() {
    let scene = Scene::new("manage-create-running", Wazapin::new(KEY));
    let gateway = scene.gateway();
    let (code, said, error) = scene.wahook(&["endpoints", "create", "shop"]);
    assert_eq!(code, 0, "{error}");
    assert!(said.starts_with("shop: created (ep_"), "{said}");
    assert_eq!(scene.emits(), Some(200), "the gateway has it already");
    let new = scene
        .wazapin
        .with(|wazapin| wazapin.hooks()[0].secrets[0].clone());
    let now = scene.secret();
    assert!(
        now.starts_with(&new) && now.contains("\nprevious "),
        "both are valid"
    );
    assert!(now.trim().ends_with(OLD) && !now.contains("rotating"));
    drop(gateway);
}

#[test]
fn what_was_not_made_leaves_no_secret_where_there_was_none() {
    let scene = Scene::new("manage-create-refused", Wazapin::new(KEY));
    let shop = scene.folder.join("shop");
    fs::remove_file(&shop).unwrap();
    for _ in 0..5 {
        scene.wazapin.answer_next(Forced::error(403, Form::Envelope));
    }
    assert_eq!(scene.wahook(&["endpoints", "create", "shop"]).0, 3);
    assert!(!shop.exists());
    scene.wazapin.answer_as_usual();

    // A secret of two: the other one's would be written over.
    fs::write(&shop, OLD).unwrap();
    let second =
        "[[endpoint]]\nname = \"second\"\nprovider = \"wazapin\"\nsecret_file = \"./shop\"\n[[sink]]";
    fs::write(
        scene.folder.join("wahook.toml"),
        scene.toml.replace("[[sink]]", second),
    )
    .unwrap();
    for verb in [&["endpoints", "create", "shop"], &["secrets", "rotate", "shop"]] {
        let (code, _, said) = scene.wahook(verb);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("in the same file"), "{said}");
    }
    assert_eq!(scene.secret(), OLD);
}

#[test]
fn v5_what_is_made_with_a_secret_that_is_not_told_is_asked_to_come_again() {
    let scene = Scene::new("manage-untold", Wazapin::new(KEY));
    let untold = r#"{"data":{"id":"ep_9","url":"https://hooks.example.com/hooks/shop"}}"#;
    let answer = Forced::raw(201, "application/json", untold);
    scene.wazapin.answer_next_to("/endpoints", answer);
    let _gateway = scene.gateway();
    let (code, _, error) = scene.wahook(&["endpoints", "create", "shop"]);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("does not tell its secret"), "{error}");
    assert!(
        scene.secret().contains("rotating "),
        "nothing is refused for good meanwhile"
    );

    // Where it could not be kept, none is made.
    let inline = scene
        .toml
        .replace("secret_file = \"shop\"", &format!("secret = \"{OLD}\""));
    fs::write(scene.folder.join("wahook.toml"), inline).unwrap();
    scene.wazapin.take_requests();
    let (code, _, error) = scene.wahook(&["endpoints", "create", "shop"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("secret_file"), "{error}");
    assert!(
        scene
            .wazapin
            .take_requests()
            .iter()
            .all(|one| one.method == "GET")
    );
}

#[test]
fn what_a_provider_says_against_it_is_told_in_one_line() {
    let scene = Scene::new("manage-errors", Wazapin::new("another key"));
    let (code, _, said) = scene.wahook(&["endpoints", "list"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("401") && said.trim().lines().count() == 1, "{said}");
    for form in [Form::Html, Form::Xml, Form::Text] {
        for _ in 0..5 {
            scene.wazapin.answer_next(Forced::error(400, form));
        }
        let (code, _, said) = scene.wahook(&["endpoints", "list"]);
        assert_eq!((code, said.trim().lines().count()), (3, 1), "{said}");
        scene.wazapin.answer_as_usual();
    }
    // What cannot be: in one line, with what to do.
    let (code, _, said) = scene.wahook(&["endpoints", "list", "shpo"]);
    assert_eq!(code, 2);
    assert!(said.contains("did you mean `shop`?"), "{said}");
    fs::write(
        scene.folder.join("wahook.toml"),
        scene
            .toml
            .replace("secret_file = \"shop\"", &format!("secret = \"{OLD}\"")),
    )
    .unwrap();
    let (code, _, said) = scene.wahook(&["secrets", "rotate", "shop"]);
    assert_eq!(code, 2);
    assert!(said.contains("secret_file"), "{said}");
    let manage = scene.toml.find("[endpoint.manage]").unwrap();
    let sink = scene.toml.find("[[sink]]").unwrap();
    fs::write(
        scene.folder.join("wahook.toml"),
        format!("{}{}", &scene.toml[..manage], &scene.toml[sink..]),
    )
    .unwrap();
    let (code, _, said) = scene.wahook(&["endpoints", "list"]);
    assert_eq!(code, 2);
    assert!(said.contains("[endpoint.manage]"), "{said}");
}

#[test]
fn an_update_without_events_leaves_them_as_they_are() {
    let scene = Scene::new("manage-no-events", Wazapin::new(KEY));
    scene.created();
    let file = scene.folder.join("wahook.toml");
    fs::write(file, scene.toml.replace("events = [\"message.new\"]\n", "")).unwrap();
    let (code, _, error) = scene.wahook(&["endpoints", "update", "shop"]);
    assert_eq!(code, 0, "{error}");
    let events = scene
        .wazapin
        .with(|wazapin| wazapin.hooks()[0].filter_types.clone());
    assert_eq!(events, ["message.new"]);
}
