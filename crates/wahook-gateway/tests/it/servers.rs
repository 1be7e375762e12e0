//! The stores of the guard on real servers, and what the gateway does when they go away.

use std::time::{Duration, Instant};

use wahook_services::{Postgres, Redis, Server};

use super::{
    program::{DEADLINE, Gateway, SECRET, folder, now, run, signed, text},
    serve::{BODY, RECEIVED, post, stop, without_inbox},
    stores::{guards, refused},
};

fn redis() -> Redis {
    Redis::start(&["appendonly yes", "appendfsync always"]).unwrap()
}

fn config(server: &Server, more: &str) -> String {
    without_inbox(&format!("store = \"{}\"\n{more}", server.url()))
}

/// A body that says something else than the others.
fn body(number: u32) -> Vec<u8> {
    text(BODY).replace("m1", &format!("m{number}")).into_bytes()
}

fn send(gateway: &Gateway, number: u32) -> u16 {
    let id = format!("msg_{number}");
    post(gateway, "/hooks/shop", SECRET, &id, &body(number)).0
}

/// Sends again until it is taken, as providers do: a server on a busy machine may be slow for once.
fn taken(gateway: &Gateway, number: u32) {
    let until = Instant::now() + DEADLINE;
    loop {
        match send(gateway, number) {
            200 => return,
            status => assert_eq!(status, 503),
        }
        assert!(Instant::now() < until, "it is not taken");
        pause();
    }
}

fn two_gateways_agree_and_restarts_forget_nothing(server: &Server) {
    let folder = folder("shared");
    let config = config(server, "");
    let mut one = Gateway::with_config(&folder, &config);
    let mut two = Gateway::with_config(&folder, &config);
    taken(&one, 1);
    one.event();
    taken(&two, 1);
    assert_eq!(stop(&mut two), Vec::<String>::new(), "the other one handled it");
    assert_eq!(stop(&mut one), Vec::<String>::new());
    let mut again = Gateway::with_config(&folder, &config);
    taken(&again, 1);
    taken(&again, 2);
    assert_eq!(again.event()["delivery"]["provider_id"], "msg_2");
    assert_eq!(stop(&mut again), Vec::<String>::new());
}

fn while_it_is_down_senders_are_asked_to_come_again(server: &Server, name: &str) {
    let mut gateway = Gateway::with_config(&folder("down"), &config(server, ""));
    taken(&gateway, 1);
    gateway.event();
    server.kill();
    let head = signed(SECRET, "msg_2", now(), &body(2));
    let answer = whole_answer(&gateway, &head, &body(2));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("\r\nretry-after: "),
        "{answer}"
    );
    let line = gateway.wait_for_log("the store ");
    assert!(
        line.contains("endpoint=shop") && line.contains(&format!("store=\"{name}\"")),
        "{line}"
    );
    assert!(
        line.contains("unavailable: ") || line.contains("in time"),
        "it says why: {line}"
    );
    let url = server.url();
    let password = url.split([':', '@']).nth(2).filter(|_| url.contains('@'));
    assert!(password.is_none_or(|password| !line.contains(password)), "{line}");
    // What this process completed itself is known to be done.
    assert_eq!(send(&gateway, 1), 200);

    server.restart().unwrap();
    taken(&gateway, 2);
    assert_eq!(gateway.event()["delivery"]["provider_id"], "msg_2");
    gateway.wait_for_log("the guard store answers again");
    taken(&gateway, 2);
    assert_eq!(stop(&mut gateway), Vec::<String>::new(), "handled once");
}

#[expect(
    clippy::disallowed_methods,
    reason = "between two tries, nothing is measured by it"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn a_store_that_is_down_does_not_flood_the_log(server: &Server) {
    let mut gateway = Gateway::with_config(&folder("flood"), &config(server, ""));
    server.kill();
    let begun = Instant::now();
    for number in 0..60 {
        assert_eq!(send(&gateway, number), 503);
    }
    let seconds = begun.elapsed().as_secs() + 2;
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
    let log = gateway.log();
    let lines: Vec<_> = log.iter().filter(|line| line.contains("the store ")).collect();
    assert!(
        !lines.is_empty() && lines.len() as u64 <= seconds,
        "{} lines: {lines:#?}",
        lines.len()
    );
}

fn whole_answer(gateway: &Gateway, headers: &str, body: &[u8]) -> String {
    use std::io::{Read, Write};
    let mut stream = gateway.connect();
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn without_dedupe_where_that_was_chosen(server: &Server) {
    let config = config(server, "") + "on_store_down = \"accept_without_dedupe\"\n";
    let mut gateway = Gateway::with_config(&folder("accept"), &config);
    server.kill();
    for _ in 0..2 {
        assert_eq!(
            post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY),
            (200, RECEIVED.to_owned())
        );
    }
    gateway.event();
    gateway.event();
    gateway.wait_for_log("accepted without dedupe");
    stop(&mut gateway);
}

/// Every output of the program with a wrong password: it is in none.
fn a_wrong_password_is_said_and_not_shown(url: &str) {
    let folder = folder("password");
    let (code, said) = refused(&folder, &without_inbox(&format!("store = \"{url}\"")));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("error: cannot open the guard store "), "{said}");
    assert!(
        said.contains("refuses the user or the password") || said.contains("correct user, password or TLS"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    let file = folder.join("wahook.toml");
    for args in [
        &["doctor", "--config"][..],
        &["doctor", "--json", "--config"],
        &["config", "print"],
        &["config", "check"],
        &[
            "serve",
            "--json",
            "--log",
            "trace",
            "--listen",
            "127.0.0.1:0",
            "--config",
        ],
    ] {
        let output = run(&[args, &[file.to_str().unwrap()]].concat(), b"");
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(!all.is_empty() && !all.contains("hunter2"), "{args:?}: {all}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn g2_two_gateways_on_redis_agree_and_restarts_forget_nothing() {
    two_gateways_agree_and_restarts_forget_nothing(&redis());
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn g2_two_gateways_on_postgres_agree_and_restarts_forget_nothing() {
    two_gateways_agree_and_restarts_forget_nothing(&Postgres::start(&[]).unwrap());
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn g8_a_redis_that_is_killed_while_serving_is_503_and_back_is_200() {
    while_it_is_down_senders_are_asked_to_come_again(&redis(), "redis");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn g8_a_postgres_that_is_killed_while_serving_is_503_and_back_is_200() {
    while_it_is_down_senders_are_asked_to_come_again(&Postgres::start(&[]).unwrap(), "postgres");
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn g8_a_store_that_is_down_is_a_line_a_second() {
    a_store_that_is_down_does_not_flood_the_log(&redis());
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn g8_accepting_without_dedupe_is_a_choice() {
    without_dedupe_where_that_was_chosen(&redis());
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn v4_a_wrong_password_for_redis_is_in_no_output() {
    let server = Redis::start(&["requirepass right"]).unwrap();
    a_wrong_password_is_said_and_not_shown(&server.url().replace("redis://", "redis://:hunter2@"));
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn v4_a_wrong_password_for_postgres_is_in_no_output() {
    let server = Postgres::start(&[]).unwrap();
    let url = format!("postgres://wahook:hunter2@{}/wahook", server.address());
    a_wrong_password_is_said_and_not_shown(&url);
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn i1_the_start_up_line_says_what_survives_and_which_setting_says_so() {
    for (settings, line) in [
        (
            &["appendonly yes", "appendfsync always"][..],
            "guard: redis, survives power loss (appendonly is yes and appendfsync is always)",
        ),
        (
            &["appendonly yes", "appendfsync everysec"],
            "guard: redis, process crash only (appendfsync is everysec)",
        ),
    ] {
        let server = Redis::start(settings).unwrap();
        assert_eq!(
            guards(&Gateway::with_config(&folder("line"), &config(&server, ""))),
            [line]
        );
    }
    let server = Redis::start(&["maxmemory 100mb", "maxmemory-policy allkeys-lru"]).unwrap();
    let gateway = Gateway::with_config(&folder("line"), &config(&server, ""));
    let lines = guards(&gateway);
    assert_eq!(lines[0], "guard: redis, process crash only (appendonly is no)");
    assert!(
        lines[1].starts_with("  warning: maxmemory-policy is allkeys-lru: "),
        "{lines:?}"
    );

    // The same to whoever asks before.
    let file = folder("line-doctor").join("wahook.toml");
    std::fs::write(&file, config(&server, "")).unwrap();
    let output = run(&["doctor", "--config", file.to_str().unwrap()], b"");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "guarantee `process crash only`: appendonly is no",
        "redis: maxmemory-policy is allkeys-lru",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i1_postgres_says_which_setting_decides_and_its_own_parameters_are_ours() {
    let server = Postgres::start(&["synchronous_commit = off"]).unwrap();
    let store = format!("{}?schema=guard&pooler=transaction", server.url());
    let gateway = Gateway::with_config(
        &folder("postgres"),
        &without_inbox(&format!("store = \"{store}\"")),
    );
    let lines = guards(&gateway);
    assert_eq!(
        lines[0],
        "guard: postgres, process crash only (synchronous_commit is off)"
    );
    assert!(
        lines[1].starts_with("  warning: a crash of PostgreSQL forgets"),
        "{lines:?}"
    );
    taken(&gateway, 1);
    gateway.event();
}
