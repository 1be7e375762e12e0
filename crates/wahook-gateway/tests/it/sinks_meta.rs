//! One app of Meta's, one URL, and several programs behind it: each gets its own part, signed with its own secret.

use std::{
    fs,
    io::{BufReader, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use wahook_services::free_port;

use crate::{
    program::{DEADLINE, Gateway, SECRET, folder, request, run, text},
    serve::stop,
};

const APP: &str = "0123456789abcdef0123456789abcdef";
const CRM: &str = "11111111111111111111111111111111";
const BOT: &str = "22222222222222222222222222222222";

/// As Meta writes it, a second time: the test must not trust our own signer.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

fn post(gateway: &Gateway, body: &str) -> u16 {
    let signature = signature(APP, body.as_bytes());
    let head = format!(
        "POST /hooks/app HTTP/1.1\r\ncontent-type: application/json\r\nx-hub-signature-256: {signature}"
    );
    gateway.request(&head, body.as_bytes()).0
}

/// Somebody's program that takes what Meta sends: answers 200 to what is signed with its secret, and tells what it was.
fn program(secret: &'static str) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/meta", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            thread::spawn(move || {
                let mut answers = stream.try_clone().unwrap();
                let mut stream = BufReader::new(stream);
                while let Some((head, body)) = request(&mut stream) {
                    let expected = format!("x-hub-signature-256: {}\r\n", signature(secret, &body));
                    let good = head.to_ascii_lowercase().contains(&expected);
                    assert!(head.contains("content-type: application/json\r\n"), "{head}");
                    let status = if good { "200 OK" } else { "401 Unauthorized" };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                    answers.write_all(answer.as_bytes()).unwrap();
                    if good {
                        tell.send(serde_json::from_slice(&body).unwrap()).unwrap();
                    }
                }
            });
        }
    });
    (url, told)
}

fn text_of(id: &str, from: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": id}})
}

fn messages(number: &str, more: &Value) -> Value {
    let mut value = json!({"messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550000009", "phone_number_id": number}});
    value
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"field": "messages", "value": value})
}

/// Two business accounts, three numbers, and something for all of an account.
fn batch() -> Value {
    json!({"object": "whatsapp_business_account", "entry": [
        {"id": "w1", "changes": [
            messages("p1", &json!({"contacts": [{"profile": {"name": "A"}, "wa_id": "111"}, {"profile": {"name": "B"}, "wa_id": "222"}],
                "messages": [text_of("m1", "222"), text_of("m2", "111")]})),
            messages("p2", &json!({"messages": [text_of("m3", "333")], "statuses": [
                {"id": "m0", "status": "sent", "timestamp": "1767225600", "recipient_id": "333"}]}))]},
        {"id": "w2", "time": 1_767_225_600, "changes": [
            {"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}},
            messages("p3", &json!({"messages": [text_of("m4", "444")]}))]}]})
}

#[test]
fn i3_each_program_gets_its_own_part_and_verifies_it_with_its_own_secret() {
    let folder = folder("fan-out");
    // Whose code reads Meta's deliveries: another gateway, with Meta's endpoint as it is.
    let crm = folder.join("crm");
    fs::create_dir(&crm).unwrap();
    let mut crm = Gateway::with_config(
        &crm,
        &format!(
            "inbox = \"sqlite:inbox.db\"\n[[endpoint]]\nname = \"app\"\nprovider = \"meta\"\nsecret = \"{CRM}\"\n"
        ),
    );
    let (bot_url, bot) = program(BOT);
    let (account_url, account) = program(BOT);
    let admin = free_port().unwrap();
    fs::write(folder.join("admin"), APP).unwrap();
    let toml = format!(
        "inbox = \"sqlite:inbox.db\"\n[admin]\nlisten = \"127.0.0.1:{admin}\"\ntoken_file = \"admin\"\n\
         [[endpoint]]\nname = \"app\"\nprovider = \"meta\"\nsecret = \"{APP}\"\n\
         [[sink]]\nname = \"crm\"\ntype = \"http\"\nformat = \"meta\"\nurl = \"http://{}/hooks/app\"\nsecret = \"{CRM}\"\naccounts = [\"p1\", \"p3\"]\n\
         [[sink]]\nname = \"bot\"\ntype = \"http\"\nformat = \"meta\"\nurl = \"{bot_url}\"\nsecret = \"{BOT}\"\naccounts = [\"p2\"]\nnames = [\"messages.*\"]\n\
         [[sink]]\nname = \"account\"\ntype = \"http\"\nformat = \"meta\"\nurl = \"{account_url}\"\nsecret = \"{BOT}\"\ntenants = [\"w2\"]\nnames = [\"account_update\", \"messages.statuses\"]\n",
        crm.address
    );
    let mut gateway = Gateway::with_config(&folder, &toml);
    assert_eq!(post(&gateway, &batch().to_string()), 200);
    assert_eq!(post(&gateway, &batch().to_string()), 200, "a duplicate");

    let mut of_crm: Vec<_> = (0..3).map(|_| crm.event()).collect();
    of_crm.sort_by_key(|event| event["data"]["message_id"].to_string());
    let said: Vec<_> = of_crm
        .iter()
        .map(|event| {
            let sender = &event["data"]["sender"];
            let words = [
                &event["data"]["message_id"],
                &event["account"],
                &event["tenant"],
                &sender["name"],
            ];
            words.map(|word| word.as_str().unwrap_or_default().to_owned())
        })
        .collect();
    assert_eq!(
        said,
        [
            ["m1", "p1", "w1", "B"],
            ["m2", "p1", "w1", "A"],
            ["m4", "p3", "w2", ""]
        ]
    );

    let mut of_bot: Vec<Value> = (0..2).map(|_| bot.recv_timeout(DEADLINE).unwrap()).collect();
    of_bot.sort_by_key(|body| body.to_string().contains("statuses"));
    let one = |entry: Value| json!({"object": "whatsapp_business_account", "entry": [entry]});
    assert_eq!(
        of_bot,
        [
            one(
                json!({"id": "w1", "changes": [messages("p2", &json!({"messages": [text_of("m3", "333")]}))]})
            ),
            one(
                json!({"id": "w1", "changes": [messages("p2", &json!({"statuses": [
                {"id": "m0", "status": "sent", "timestamp": "1767225600", "recipient_id": "333"}]}))]})
            ),
        ]
    );
    assert_eq!(
        account.recv_timeout(DEADLINE).unwrap(),
        one(json!({"id": "w2", "time": 1_767_225_600, "changes": [
            {"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}}]}))
    );
    // What is alone already goes on as it came.
    let alone = json!({"object": "whatsapp_business_account", "entry": [{"id": "w2", "time": 2, "changes": [
        {"field": "account_update", "value": {"event": "X"}}]}]});
    assert_eq!(post(&gateway, &alone.to_string()), 200);
    assert_eq!(account.recv_timeout(DEADLINE).unwrap(), alone);

    // A replay names a sink, and gives it nothing of others.
    let config = folder.join("wahook.toml");
    let output = run(
        &[
            "replay",
            "--all",
            "--to",
            "account",
            "--config",
            config.to_str().unwrap(),
        ],
        b"",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut again: Vec<_> = (0..2).map(|_| account.recv_timeout(DEADLINE).unwrap()).collect();
    again.sort_by_key(|body| *body != alone);
    assert_eq!(again[0], alone);

    assert_eq!(stop(&mut gateway), Vec::<String>::new());
    assert_eq!(
        stop(&mut crm),
        Vec::<String>::new(),
        "nothing twice, and nothing of others"
    );
    assert!(bot.try_recv().is_err() && account.try_recv().is_err());
}

#[test]
fn the_manual_has_a_configuration_that_is_good() {
    let manual = include_str!("../../../../docs/fan-out.md");
    let (_, rest) = manual.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let folder = folder("fan-out-manual");
    fs::create_dir(folder.join("secrets")).unwrap();
    for name in ["meta", "helpdesk", "bot", "operations"] {
        fs::write(folder.join("secrets").join(name), APP).unwrap();
    }
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let output = run(&["config", "check", file.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_program_behind_meta_is_configured_with_one_secret_and_endpoints_of_meta() {
    let check = |endpoints: &str, sink: &str| {
        let file = folder("fan-out-config").join("wahook.toml");
        let toml = format!("{endpoints}[[sink]]\nname = \"crm\"\nformat = \"meta\"\n{sink}\n");
        fs::write(&file, toml).unwrap();
        let output = run(&["config", "check", file.to_str().unwrap()], b"");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(APP) && !said.contains(SECRET), "{said}");
        (output.status.code().unwrap(), said)
    };
    let meta = format!("[[endpoint]]\nname = \"app\"\nprovider = \"meta\"\nsecret = \"{APP}\"\n");
    let both =
        format!("{meta}[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n");
    let http = "type = \"http\"\nurl = \"https://crm.example/meta\"";
    let (code, said) = check(&meta, &format!("{http}\nsecret = \"{APP}\""));
    assert_eq!(code, 0, "{said}");
    let (code, said) = check(
        &both,
        &format!("{http}\nsecret = \"{APP}\"\nendpoints = [\"app\"]"),
    );
    assert_eq!(code, 0, "{said}");
    for (endpoints, sink, told) in [
        (&meta, http.to_owned(), "`secret_file` is missing"),
        (
            &meta,
            format!("{http}\nsecrets = [\"{APP}\"]"),
            "Meta signs with one secret",
        ),
        (
            &meta,
            format!("{http}\nsecret = \"{APP}\"\nraw = false"),
            "leave `raw` out",
        ),
        (
            &both,
            format!("{http}\nsecret = \"{APP}\""),
            "the endpoint `shop` has the provider `wazapin`",
        ),
        (
            &meta,
            "type = \"stdout\"".to_owned(),
            "it is of sinks of type `http`",
        ),
        (
            &meta,
            "type = \"nats\"\naddress = \"nats://h\"".to_owned(),
            "it is of sinks of type `http`",
        ),
    ] {
        let (code, said) = check(endpoints, &sink);
        assert_eq!(code, 1, "{sink}: {said}");
        assert!(said.contains(told), "{sink}: {said}");
    }
}
