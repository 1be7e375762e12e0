//! The verbs about the inbox, over both ways: a gateway that runs, and the file when it does not.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Output, Stdio},
};

use serde_json::Value;
use wahook_core::Secret;
use wahook_gateway::admin::{self, AdminPlace};

use crate::{
    admin_scene::{CANARIES, Scene, TOKEN},
    program::{Gateway, command, folder, now, run, signed, text},
};

const BODY: &str = r#"{"event_type":"message.new","organization_id":"o1","channel_id":"c1","data":{"message_id":"m1","conversation_id":"conv-15557770002","contact_id":"15557770001","from":"15557770001","direction":"inbound","type":"text","body":"canary-text"}}"#;

/// Runs a verb; exit code, output, and what was said.
fn wahook(args: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = run(args, b"");
    (status.code().unwrap(), text(&stdout), text(&stderr))
}

/// The lines of `--json`.
fn lines(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn one_line(stderr: &str) -> &str {
    let line = stderr.trim_end();
    assert!(!line.is_empty() && !line.contains('\n'), "{stderr:?}");
    line
}

/// Development mode with so many messages that came.
fn gateway_with(data: &Path, count: usize) -> Gateway {
    let gateway = Gateway::development(data);
    let secret = std::fs::read_to_string(data.join("secrets/wazapin")).unwrap();
    for number in 0..count {
        let body = BODY.replace("m1", &format!("m{number}"));
        let head = signed(&secret, &format!("msg_{number}"), now(), body.as_bytes());
        let (status, _) = gateway.request(
            &format!("POST /hooks/wazapin HTTP/1.1\r\n{head}"),
            body.as_bytes(),
        );
        assert_eq!(status, 200);
    }
    for _ in 0..count {
        gateway.event();
    }
    gateway
}

fn inbox_of(data: &Path) -> [&str; 2] {
    ["--data-dir", data.to_str().unwrap()]
}

/// What has to be so whoever answers.
fn looks(data: &Path, running: bool) {
    let [flag, folder] = inbox_of(data);
    let (code, out, said) = wahook(&["--json", "status", flag, folder]);
    assert_eq!(code, 0, "{out} {said}");
    let status = &lines(&out)[0];
    assert_eq!(status["running"], running);
    assert_eq!(status["dead"], 0);
    assert_eq!(status["guarantee"], "survives power loss", "{out}");
    assert_eq!(status["inbox"]["deliveries"], 3);
    let (code, out, _) = wahook(&["status", flag, folder]);
    assert_eq!(code, 0);
    assert!(out.contains("3 deliveries") && out.contains("SINK"), "{out}");

    let (code, out, said) = wahook(&["events", "list", flag, folder]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(out.lines().count(), 4, "{out}");
    assert!(out.starts_with("RECEIVED"), "{out}");
    for canary in CANARIES {
        assert!(!out.contains(canary), "{out}");
    }
    let (_, out, _) = wahook(&[
        "events", "list", "--json", "--oldest", "--limit", "2", flag, folder,
    ]);
    let events = lines(&out);
    assert_eq!(events.len(), 2);
    assert!(events[0]["cursor"].as_i64() < events[1]["cursor"].as_i64());
    let id = events[0]["id"].as_str().unwrap();
    let chat = [
        "events",
        "list",
        "--json",
        "--reveal",
        "--chat",
        "conv-15557770002",
        "--since",
        "1h",
        flag,
        folder,
    ];
    let (code, out, said) = wahook(&chat);
    assert_eq!((code, lines(&out).len()), (0, 3), "{said}");
    let key = lines(&out)[0]["key"].as_str().unwrap().to_owned();
    let (_, out, said) = wahook(&["events", "list", "--chat", "nobody", flag, folder]);
    assert_eq!((out.as_str(), said.trim()), ("", "no events"));

    let (code, out, said) = wahook(&["events", "show", id, flag, folder]);
    assert_eq!(code, 0, "{said}");
    assert!(
        out.contains("message.received") && out.contains("--reveal"),
        "{out}"
    );
    for canary in CANARIES {
        assert!(!out.contains(canary), "{out}");
    }
    let (_, out, _) = wahook(&["events", "show", id, "--reveal", "--json", flag, folder]);
    assert_eq!(
        lines(&out)[0]["normalised"]["data"]["content"]["text"],
        "canary-text"
    );
    let (code, out, _) = wahook(&["events", "show", &key, "--json", flag, folder]);
    assert_eq!((code, lines(&out).len()), (0, 1));
    let delivery = id.split('/').next().unwrap();
    let (code, out, _) = wahook(&["events", "show", delivery, flag, folder]);
    assert!(code == 0 && out.contains(id), "{out}");
    let nowhere = "0199c0de-7c00-7000-8000-000000000000";
    for missing in [
        nowhere.to_owned(),
        format!("{nowhere}/0"),
        format!("{delivery}/9"),
        "v1:nothing".to_owned(),
    ] {
        let (code, out, said) = wahook(&["events", "show", &missing, flag, folder]);
        assert_eq!((code, out.as_str()), (1, ""), "{missing}: {said}");
        one_line(&said);
    }

    let (code, _, said) = wahook(&["dead", "list", flag, folder]);
    assert_eq!((code, said.trim()), (0, "no dead letters"));
    let (code, _, said) = wahook(&["dead", "show", "7", flag, folder]);
    assert_eq!(code, 1, "{said}");

    let (code, out, said) = wahook(&["replay", "--all", "--dry-run", "--json", flag, folder]);
    assert_eq!((code, &lines(&out)[0]["events"]), (0, &3.into()), "{said}");
    let (code, out, said) = wahook(&["replay", id, "--dry-run", "--json", flag, folder]);
    assert_eq!((code, &lines(&out)[0]["events"]), (0, &1.into()), "{said}");
    let (code, _, _) = wahook(&["replay", "--chat", "nobody", flag, folder]);
    assert_eq!(code, 1);
}

#[test]
fn p_the_verbs_answer_the_same_whether_a_gateway_runs_or_not() {
    let data = folder("desk");
    let mut gateway = gateway_with(&data, 3);
    looks(&data, true);

    // Once more to the sink that had it; a running gateway does it at once.
    let [flag, folder] = inbox_of(&data);
    let (code, out, said) = wahook(&["replay", "--all", "--rate", "100/s", flag, folder]);
    assert_eq!(
        (code, out.trim()),
        (0, "3 events of 3 deliveries replayed"),
        "{said}"
    );
    for _ in 0..3 {
        assert!(gateway.event()["replay_of"].is_string());
    }

    // While it runs nobody else can open its inbox, and whoever tries is told how to ask.
    let place = AdminPlace::read(&data).unwrap().unwrap();
    std::fs::remove_file(AdminPlace::file(&data)).unwrap();
    let (code, out, said) = wahook(&["status", flag, folder]);
    assert_eq!((code, out.as_str()), (3, ""), "{said}");
    assert!(one_line(&said).contains("--admin URL"), "{said}");
    let (code, _, said) = wahook(&["status", "--admin", &place.url]);
    assert_eq!(code, 0, "{said}");

    gateway.signal("-TERM");
    assert!(gateway.wait().success());
    looks(&data, false);
    let (code, _, said) = wahook(&["events", "tail", flag, folder]);
    assert_eq!(code, 2, "{said}");
    assert!(one_line(&said).contains("wahook serve"), "{said}");
    let (code, _, said) = wahook(&["status", "--admin", &place.url]);
    assert_eq!(code, 3);
    assert!(one_line(&said).contains("cannot reach the gateway"), "{said}");
}

#[test]
fn events_are_told_as_they_come() {
    let data = folder("desk-tail");
    let gateway = gateway_with(&data, 1);
    let mut tail = command(&["events", "tail", "--data-dir", data.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(tail.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("waiting for events"));
    let secret = std::fs::read_to_string(data.join("secrets/wazapin")).unwrap();
    let body = BODY.replace("m1", "another");
    let head = signed(&secret, "msg_another", now(), body.as_bytes());
    gateway.request(
        &format!("POST /hooks/wazapin HTTP/1.1\r\n{head}"),
        body.as_bytes(),
    );
    let line = BufReader::new(tail.stdout.take().unwrap())
        .lines()
        .next()
        .unwrap()
        .unwrap();
    assert!(line.contains("message.received"), "{line}");
    for canary in CANARIES {
        assert!(!line.contains(canary), "{line}");
    }
    // Once the gateway is gone there is nothing to wait for.
    drop(gateway);
    assert_eq!(tail.wait().unwrap().code(), Some(3));
    assert!(said.next().unwrap().unwrap().contains("the gateway"));
}

#[test]
fn p_the_file_that_leads_to_the_gateway_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let data = folder("desk-place");
    let mut gateway = Gateway::development(&data);
    let file = AdminPlace::file(&data);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = AdminPlace::read(&data).unwrap().unwrap().token.unwrap();
    assert!(token.expose().len() >= 32);
    gateway.signal("-TERM");
    assert!(gateway.wait().success());
    assert!(!file.exists(), "whoever looks there finds nobody");
    assert!(gateway.log().iter().all(|line| !line.contains(token.expose())));
}

#[test]
fn wrong_use_is_one_line_and_exit_code_two() {
    let data = folder("desk-wrong");
    let [flag, folder] = inbox_of(&data);
    for args in [
        &["replay", flag, folder][..],
        &["replay", "--all", "--chat", "a", flag, folder],
        &["replay", "x/y", flag, folder],
        &["replay", "--all", "--rate", "0/s", flag, folder],
        &["dead", "retry", flag, folder],
        &["dead", "drop", "--all", "--sink", "a", flag, folder],
        &["dead", "retry", "x", flag, folder],
        &["dead", "drop", "--waiting", flag, folder],
        &["dead", "drop", "--waiting", "--all", flag, folder],
        &["dead", "drop", "--waiting", "--sink", "a", "7", flag, folder],
        &[
            "dead",
            "drop",
            "--waiting",
            "--sink",
            "a",
            "--since",
            "2h",
            flag,
            folder,
        ],
        &["dead", "retry", "--waiting", "--sink", "a", flag, folder],
        &["events", "list", "--since", "yesterday", flag, folder],
        &["events", "list", "--limit", "0", flag, folder],
        &["events", "list", "--delivery", "x", flag, folder],
        &["events", "show", "nothing", flag, folder],
        &["events", "list", "--admin", "nowhere"],
        &["events", "list", "--admin", "ftp://localhost"],
    ] {
        let (code, out, said) = wahook(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {said}");
        one_line(&said);
        let (code, _, said) = wahook(&[&["--json"], args].concat());
        let error: Value = serde_json::from_str(&said).unwrap();
        assert!(code == 2 && error["error"].is_string(), "{args:?}: {said}");
    }
    // Nothing is made where nothing is.
    let (code, _, said) = wahook(&["status", flag, folder]);
    assert_eq!(code, 3);
    assert!(one_line(&said).contains("no inbox in"), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
}

/// A listener over the inbox in memory, on which a sink gave up twice.
async fn listener() -> (Scene, String) {
    let scene = Scene::with(2).await;
    let listener = admin::bind("127.0.0.1:0".parse().unwrap(), true).await.unwrap();
    let address = listener.local_addr().unwrap();
    let state = scene
        .state()
        .token(Secret::new(TOKEN).unwrap())
        .listening_on(address);
    tokio::spawn(admin::serve(
        listener,
        admin::router(state),
        std::future::pending(),
    ));
    (scene, format!("http://{address}"))
}

async fn ask(args: &[&str]) -> (i32, String, String) {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    tokio::task::spawn_blocking(move || wahook(&args.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn g_dead_letters_are_seen_retried_and_dropped_from_the_shell() {
    let (scene, url) = listener().await;
    let file = folder("desk-token").join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let token = file.to_str().unwrap();
    let to = ["--admin", url.as_str()];
    let with = ["--admin", url.as_str(), "--token-file", token];

    let (code, out, said) = ask(&[&["status"], &to[..]].concat()).await;
    assert_eq!(code, 1, "{said}");
    assert!(out.contains("2 dead letters; see `wahook dead list`"), "{out}");
    let (code, out, _) = ask(&[&["dead", "list"], &to[..]].concat()).await;
    assert_eq!(code, 1);
    assert!(out.contains("HTTP 422") && out.lines().count() == 3, "{out}");
    for canary in CANARIES {
        assert!(!out.contains(canary), "{out}");
    }
    let number = scene.dead().await[0].to_string();
    let (code, out, _) = ask(&[&["dead", "show", &number], &to[..]].concat()).await;
    assert!(
        code == 0 && out.contains(&format!("wahook dead retry {number}")),
        "{out}"
    );

    // Without the token nothing is revealed or changed, and it is said what is missing.
    for verb in [
        &["dead", "retry", &number][..],
        &["dead", "drop", "--all"],
        &["replay", "--all"],
        &["events", "list", "--reveal"],
        &["events", "tail", "--reveal"],
    ] {
        let (code, out, said) = ask(&[verb, &to[..]].concat()).await;
        assert_eq!((code, out.as_str()), (2, ""), "{verb:?}");
        assert!(one_line(&said).contains("WAHOOK_ADMIN_TOKEN"), "{said}");
    }
    assert_eq!(scene.dead().await.len(), 2);

    let (code, out, said) = ask(&[&["dead", "retry", &number], &with[..]].concat()).await;
    assert_eq!((code, out.trim()), (0, "1 dead letters retried"), "{said}");
    assert_eq!(scene.dead().await.len(), 1);
    let waiting = |sink| [&["dead", "drop", "--waiting", "--sink", sink], &with[..]].concat();
    let (code, _, said) = ask(&[&["replay", "--all", "--to", "gone"], &with[..]].concat()).await;
    assert!(
        code == 2 && one_line(&said).contains("there is no sink `gone`"),
        "{code} {said}"
    );
    scene.wait_for("gone", 2).await;
    let (code, out, _) = ask(&[&["status"], &to[..]].concat()).await;
    let finding = "finding    sink: gone is not configured; 2 waiting";
    assert!(
        code == 1 && out.contains(finding) && out.contains("ENDPOINT"),
        "{out}"
    );
    let (code, out, said) = ask(&waiting("good")).await;
    assert_eq!((code, out.as_str()), (2, ""), "{said}");
    assert!(
        one_line(&said).contains("take it out of the configuration"),
        "{said}"
    );
    for (exit, count) in [(0, "2 waiting events dropped"), (1, "0 waiting events dropped")] {
        let (code, out, said) = ask(&waiting("gone")).await;
        assert_eq!((code, out.trim()), (exit, count), "{said}");
    }
    let (code, out, _) = ask(&[&["--json", "dead", "drop", "--sink", "good"], &with[..]].concat()).await;
    assert_eq!((code, out.trim()), (1, r#"{"count":0}"#));
    let (code, out, said) = ask(&[&["--json", "dead", "drop", "--sink", "bad"], &with[..]].concat()).await;
    assert_eq!((code, out.trim()), (0, r#"{"count":1}"#), "{said}");
    let (code, _, said) = ask(&[&["events", "list", "--kind", "message.recieved"], &with[..]].concat()).await;
    assert_eq!(code, 2);
    assert!(
        one_line(&said).contains("did you mean `message.received`?"),
        "{said}"
    );
}
