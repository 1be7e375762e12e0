//! What is wrong with a configuration is said in one line, with its place and what to do.

use std::fs;

use super::program::{SECRET, command, folder, run, text};

fn check(toml: &str) -> (i32, String) {
    let file = folder("config").join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let name = file.to_str().unwrap().to_owned();
    let output = run(&["config", "check", &name], b"");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().unwrap(), said.replace(&name, "F"))
}

fn endpoint(lines: &str) -> String {
    format!("[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\n{lines}\n")
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_a_suggestion() {
    let good = endpoint(&format!("secret = \"{SECRET}\""));
    let cases = [
        ("listen = ", 1, "F:1:10: not TOML: "),
        (
            "listen = 127",
            1,
            "F:1:1: `listen` must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "lisen = \"127.0.0.1:1\"",
            1,
            "F:1:1: unknown key `lisen`; did you mean `listen`?",
        ),
        (
            "listen = \"here\"",
            1,
            "F:1:1: `listen` must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "[limits]\nbody = 1",
            1,
            "F:2:1: unknown key `body`; did you mean `body_bytes`?",
        ),
        (
            "[limits]\nidle = \"soon\"",
            1,
            "F:2:1: `idle`: not a span of time; write it as 250ms, 10s, 5m, 48h or 7d",
        ),
        (
            "[limits]\nbody_bytes = 0",
            1,
            "F:2:1: `body_bytes` must be more than 0",
        ),
        (
            "",
            1,
            "F: there is no endpoint; add [[endpoint]] with name, provider and secret_file",
        ),
        (
            &endpoint("secert = \"tell-nobody\""),
            1,
            "F:4:1: unknown key `secert`; did you mean `secret`?",
        ),
        (
            &endpoint("secret = 12345"),
            1,
            "F:4:1: `secret`: a secret is a text; put it in quotes",
        ),
        (
            &endpoint(""),
            1,
            "F:2:1: endpoint `shop` has no secret; add `secret_file = \"…\"`, or set WAHOOK_ENDPOINT__SHOP__SECRET",
        ),
        (
            &endpoint("secret = \"changeme\""),
            1,
            "F:4:1: the secret is a well-known default; generate one of your own",
        ),
        (
            &endpoint("secret_file = \"none\""),
            1,
            "F:4:1: cannot read the secret in ",
        ),
        (
            &endpoint("secret = \"a\"\nsecrets = [\"b\"]"),
            1,
            "F:5:1: endpoint `shop` has more than one of secret, secret_file, secrets, secrets_files; keep one",
        ),
        (
            &good.replace("wazapin", "wazapim"),
            1,
            "F:3:1: unknown provider `wazapim`; did you mean `wazapin`?",
        ),
        (
            &good.replace("\"shop\"", "\"My Shop\"\npath = \"/x\""),
            1,
            "an endpoint or group name has 1 to 64 lower-case letters",
        ),
        (
            &good.replace("shop", "a/b c"),
            1,
            "F:2:1: an endpoint or group name has 1 to 64 lower-case letters",
        ),
        (
            &format!("{good}path = \"hooks\""),
            1,
            "F:5:1: a path begins with `/`",
        ),
        (
            &format!("{good}answer_refused = 200"),
            1,
            "F:5:1: `answer_refused` must be a status from 400 to 499",
        ),
        (
            &format!("{good}on_conflict = \"drop\""),
            1,
            "F:5:1: `on_conflict` has no such value",
        ),
        (
            &format!("{good}[endpoint.options]\nnonsense = 1"),
            1,
            "unknown option `nonsense` of wazapin",
        ),
        (
            &format!("{good}{good}"),
            1,
            "F:6:1: the name `shop` is taken by endpoint 1; give each endpoint a name of its own",
        ),
        (
            &format!(
                "{good}{}path = \"/hooks/shop\"",
                good.replace("\"shop\"", "\"two\"")
            ),
            1,
            "F:9:1: the path `/hooks/shop` is taken by endpoint 1; give each endpoint a path of its own",
        ),
        (
            &format!("public_url = \"shop\"\n{good}"),
            1,
            "F:1:1: `public_url` must be scheme and host, such as https://hooks.example.com",
        ),
    ];
    for (toml, code, expected) in cases {
        let (found, said) = check(toml);
        assert!(
            said.contains(expected),
            "{toml:?}\nexpected {expected:?}\nsaid {said:?}"
        );
        assert_eq!(found, code, "{toml:?}: {said}");
        assert!(!said.contains("tell-nobody"), "{said}");
    }
}

#[test]
fn a_good_configuration_is_said_to_be_good_and_short_memory_is_warned_about() {
    let good = endpoint(&format!("secret = \"{SECRET}\""));
    assert_eq!(check(&good), (0, "F: good, 1 endpoint\n".to_owned()));
    let (code, said) = check(&format!("{good}memory = \"1h\""));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("warning: F:5:1: endpoint `shop` forgets after 1h, but wazapin may repeat for 48h"),
        "{said}"
    );
}

#[test]
fn v4_the_effective_configuration_is_printed_without_secrets() {
    let file = folder("print").join("wahook.toml");
    fs::write(&file, endpoint("secret = \"from-the-file\"")).unwrap();
    let output = command(&["config", "print", file.to_str().unwrap()])
        .env("WAHOOK_ENDPOINT__SHOP__SECRET", "from-the-environment")
        .env("WAHOOK_LISTEN", "127.0.0.1:9999")
        .env("WAHOOK_LIMITS__CONNECTIONS", "7")
        .output()
        .unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        said.contains("listen = \"127.0.0.1:9999\"") && said.contains("connections = 7"),
        "{said}"
    );
    assert!(
        said.contains("secret = \"********\"") && !said.contains("from-the"),
        "{said}"
    );
}

#[test]
fn a_variable_that_means_nothing_is_warned_about_and_those_of_kubernetes_are_not() {
    let file = folder("variables").join("wahook.toml");
    fs::write(&file, endpoint(&format!("secret = \"{SECRET}\""))).unwrap();
    let output = command(&["config", "check", file.to_str().unwrap()])
        .env("WAHOOK_LISTEM", "127.0.0.1:9999")
        .env("WAHOOK_PORT", "tcp://10.0.0.1:80")
        .env("WAHOOK_SERVICE_HOST", "10.0.0.1")
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(
        said.contains("WAHOOK_LISTEM is ignored: there is no such key; did you mean `listen`?"),
        "{said}"
    );
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_that_cannot_be_read_is_exit_code_3() {
    let output = run(&["config", "check", "/nonexistent/wahook.toml"], b"");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).starts_with("error: cannot read the configuration /nonexistent/wahook.toml: ")
    );
}
