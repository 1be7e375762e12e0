//! The configuration is read again while the gateway runs.

use std::{fs, path::Path, process::Command};

use super::{
    program::{Gateway, SECRET, command, folder, text},
    serve::{BODY, endpoint, post, shop, stop, without_inbox},
    tls::pair,
};

/// Writes the configuration anew, and waits until it is read.
pub(crate) fn reload(gateway: &Gateway, folder: &Path, toml: &str, outcome: &str) -> String {
    fs::write(folder.join("wahook.toml"), toml).unwrap();
    gateway.signal("-HUP");
    gateway.wait_for_log(outcome)
}

fn pipe(file: &Path) {
    let status = Command::new("mkfifo").arg(file).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_body_that_there_is_no_room_for_is_left_to_the_next_start() {
    let folder = folder("reload-room");
    let limits = |body: u32, room: u32| {
        shop(&format!(
            "[limits]\nbody_bytes = {body}\nbytes_in_flight = {room}"
        ))
    };
    let mut gateway = Gateway::with_config(&folder, &limits(1_000, 2_000));
    let status = |id: &str, bytes: usize| {
        let mut body = BODY.to_vec();
        body.resize(bytes, b' ');
        post(&gateway, "/hooks/shop", SECRET, id, &body).0
    };
    assert_eq!([status("msg_1", 900), status("msg_2", 1_500)], [200, 413]);
    reload(&gateway, &folder, &limits(1_900, 2_000), "is in effect");
    assert_eq!([status("msg_3", 1_500), status("msg_4", 1_950)], [200, 413]);
    reload(
        &gateway,
        &folder,
        &limits(4_000, 8_000),
        "`limits` was changed and takes effect at the next start",
    );
    // 503 would be said for ever, and be sent again for ever.
    assert_eq!([status("msg_5", 1_500), status("msg_6", 3_000)], [200, 413]);
    stop(&mut gateway);
}

#[test]
fn one_that_cannot_be_used_is_a_finding_until_one_is_in_effect() {
    let folder = folder("reload-finding");
    let good = shop("[admin]\nlisten = \"127.0.0.1:0\"");
    let mut gateway = Gateway::with_config(&folder, &good);
    let admin = format!("http://{}", gateway.admin());
    let status = || {
        let output = command(&["status", "--admin", &admin]).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let metric = |value: u32| {
        let line = format!("wahook_config_last_reload_successful{{}} {value}\n");
        let metrics = gateway.metrics();
        assert!(metrics.contains(&line), "{metrics}");
    };
    assert_eq!(status().0, 0);
    metric(1);
    reload(
        &gateway,
        &folder,
        &good.replace("listen", "lisen"),
        "the old one stays",
    );
    let (code, said) = status();
    assert_eq!(code, 1, "{said}");
    metric(0);
    assert!(
        said.contains("finding    configuration: it was read again at ")
            && said.contains("wahook.toml:2:1: unknown key `lisen`"),
        "{said}"
    );
    reload(&gateway, &folder, &good, "is in effect");
    assert_eq!(status().0, 0);
    metric(1);
    stop(&mut gateway);
}

#[test]
fn a_file_that_hangs_holds_up_neither_deliveries_nor_the_end() {
    let folder = folder("reload-hangs");
    fs::write(folder.join("secret"), SECRET).unwrap();
    let toml = shop("").replace(&format!("secret = \"{SECRET}\""), "secret_file = \"secret\"");
    let mut gateway = Gateway::with_config(&folder, &toml);
    fs::remove_file(folder.join("secret")).unwrap();
    pipe(&folder.join("secret"));
    gateway.signal("-HUP");
    for number in 0..20 {
        let id = format!("msg_{number}");
        assert_eq!(post(&gateway, "/hooks/shop", SECRET, &id, BODY).0, 200);
    }
    stop(&mut gateway);
}

#[test]
fn a_certificate_is_no_pipe() {
    let folder = folder("reload-pipe");
    fs::write(folder.join("chain.pem"), &pair().chain).unwrap();
    pipe(&folder.join("key.pem"));
    let file = folder.join("wahook.toml");
    let tls = "[tls]\ncert_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";
    fs::write(&file, without_inbox(tls)).unwrap();
    let output = super::program::run(&["config", "check", file.to_str().unwrap()], b"");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("key.pem: it is no regular file"), "{said}");
}

#[test]
fn without_an_inbox_a_reload_takes_effect_as_a_whole_or_not_at_all() {
    let folder = folder("whole");
    let raw = "[[sink]]\nname = \"out\"\ntype = \"stdout\"\nraw = ";
    let good = without_inbox("store = \"memory\"") + raw + "true\n";
    let mut gateway = Gateway::with_config(&folder, &good);
    // The sink could be opened, the store cannot.
    let bad = without_inbox("store = \"sqlite:none/guard.db\"") + raw + "false\n" + &endpoint("two", "");
    reload(&gateway, &folder, &bad, "the old one stays");
    assert_eq!(post(&gateway, "/hooks/two", SECRET, "msg_1", BODY).0, 404);
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    assert!(!gateway.event()["raw"].is_null());
    // Nor does the next one find half of it.
    let other = good.replace("\"shop\"", "\"store\"");
    reload(&gateway, &folder, &other, "is in effect");
    assert_eq!(post(&gateway, "/hooks/store", SECRET, "msg_1", BODY).0, 200);
    assert!(!gateway.event()["raw"].is_null());
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}
