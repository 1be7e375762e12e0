//! `wahook send` against a gateway.

use super::{
    program::{Gateway, SECRET, folder, run, text},
    serve::shop,
};

#[test]
fn i1_send_compares_what_was_acknowledged_with_what_was_handled() {
    let folder = folder("inbox-ledger");
    let events = folder.join("events.jsonl");
    let toml = shop("") + "[[sink]]\nname = \"audit\"\ntype = \"file\"\npath = \"events.jsonl\"\n";
    let gateway = Gateway::with_config(&folder, &toml);
    let to = format!("http://{}/hooks/shop", gateway.address);
    let count = format!("wc -l < {}", events.display());
    let send = |observe: &str| {
        let args = [
            &[
                "send",
                "wazapin",
                "message.new",
                "--fault",
                "duplicate",
                "--count",
                "25",
            ][..],
            &[
                "--rate",
                "1000",
                "--concurrency",
                "8",
                "--to",
                &to,
                "--secret",
                SECRET,
            ],
            &["--observe-command", observe],
        ];
        let output = run(&args.concat(), b"");
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = send(&count);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("25 events acknowledged, 25 handled"), "{said}");
    // One that does everything twice.
    let (code, said) = send(&format!("expr 2 '*' $({count})"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("25 events acknowledged, 50 handled"), "{said}");
    // For programs: how long it took, so that they need not time it.
    let args = [
        "send",
        "wazapin",
        "message.new",
        "--json",
        "--to",
        &to,
        "--secret",
        SECRET,
    ];
    let said: serde_json::Value = serde_json::from_slice(&run(&args, b"").stdout).unwrap();
    assert!(said["seconds"].as_f64().unwrap() > 0.0, "{said}");
}
