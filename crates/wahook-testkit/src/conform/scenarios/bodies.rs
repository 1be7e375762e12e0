//! Bodies that say several things, unknown things, or nothing.

use bytes::Bytes;

use super::{Played, Wrong, expect_handled, not_seen, too_few};
use crate::{
    Outgoing, Sample,
    conform::{
        Verdict,
        judge::{kept, taken},
        report::Finding,
        stage::Stage,
    },
    samples,
    tokens::{TokenKind, rewrite, with_member},
};

/// How many things one body says.
const ITEMS: u64 = 3;

pub(super) async fn batch(stage: &Stage, finding: &mut Finding) -> Played {
    if stage.sender.has_envelope() {
        finding.not_applicable(
            "several things stand inside of one body: its samples have them, see every-event",
        );
        return Ok(());
    }
    if !stage.sender.sends_lists() {
        finding.not_applicable("the provider says one thing in each delivery");
        return Ok(());
    }
    let before = stage.so_far().await?;
    finding.sent(format!("one delivery with a list of {ITEMS} messages"));
    let items: Vec<_> = (0..ITEMS).map(|_| stage.outgoing()).collect();
    let bodies: Vec<_> = items
        .iter()
        .map(|outgoing| outgoing.body.trim_ascii_end())
        .collect();
    let body = [b"[", bodies.join(&b","[..]).as_slice(), b"]"].concat();
    let id = items.first().map_or("", |outgoing| outgoing.id.as_str());
    let came = stage.send(stage.signed(&Outgoing::new(id, body))?).await?;
    finding.came("", &came);
    if matches!(came.status(), Some(400 | 422)) {
        // No page speaks of lists; what is refused aloud is at least not lost in silence.
        finding.warn("a list was refused: the provider's pages do not promise that one never comes");
        return Ok(());
    }
    taken(finding, &came, stage.within());
    let wrong = Wrong {
        too_few: "it was answered, and not all of it handled: handle every item of a list",
        too_many: "items of a list were handled more than once",
    };
    expect_handled(stage, finding, before, ITEMS, wrong).await
}

pub(super) async fn unknown_event(stage: &Stage, finding: &mut Finding) -> Played {
    let (name, body) = renamed(&samples(stage.sender.endpoint().provider().id()), stage.next());
    let wider = stage.outgoing();
    let json = String::from_utf8_lossy(&wider.body);
    let wider_body = with_member(&json, r#""x_wahook_new":{"a":[null,1,"b"]}"#, |_| true);
    let mut cases = vec![("new members everywhere", Outgoing::new(wider.id, wider_body))];
    if let Some(body) = body {
        cases.push(("an event that does not exist yet", Outgoing::new(name, body)));
    }
    for (what, outgoing) in cases {
        let before = stage.so_far().await?;
        finding.sent(what);
        let came = stage.send(stage.signed(&outgoing)?).await?;
        finding.came("", &came);
        if let Some(status @ 300..) = came.status() {
            finding.fail(format!(
                "{what}: answered {status}; take it, keep it, and answer 200: it is no error of the provider's"
            ));
        } else {
            taken(finding, &came, stage.within());
        }
        if !matches!(came.status(), Some(200..300)) {
            continue;
        }
        match stage.handled_any(before, stage.patience).await? {
            None => not_seen(finding),
            Some(true) => finding.saw("handled".to_owned()),
            Some(false) => {
                finding.saw("not handled".to_owned());
                let advice = format!(
                    "{what}: it was answered and dropped; keep what is not known yet, or make it heard"
                );
                too_few(stage, finding, 0, &advice)?;
            }
        }
    }
    Ok(())
}

/// A sample whose event has another name; nothing where no sample names its event.
fn renamed(all: &[Sample], number: u64) -> (String, Option<Bytes>) {
    let found = all.iter().find_map(|sample| {
        let outgoing = Outgoing::personalise(sample, number);
        let json = std::str::from_utf8(&outgoing.body).ok()?;
        let is_name = |kind, text: &str| kind == TokenKind::Text && text == sample.event;
        let body = rewrite(json, |token, text| {
            is_name(token.kind, text).then(|| "unheard_of.yet".to_owned())
        });
        (body != json).then(|| (outgoing.id, Some(Bytes::from(body))))
    });
    found.unwrap_or_default()
}

pub(super) async fn malformed(stage: &Stage, finding: &mut Finding) -> Played {
    let whole = stage.outgoing().body;
    let half = whole.slice(..whole.len() / 2);
    let no_utf8 = [
        &b"{\"x_wahook\":\"\xff\xfe\","[..],
        whole.get(1..).unwrap_or_default(),
    ]
    .concat();
    let deep = [b"[".repeat(20_000), b"]".repeat(20_000)].concat();
    let cases: [(&str, Bytes); 8] = [
        ("no body", Bytes::new()),
        ("half of a body", half),
        ("no JSON", Bytes::from_static(b"hello")),
        ("a number", Bytes::from_static(b"42")),
        ("null", Bytes::from_static(b"null")),
        ("an empty list", Bytes::from_static(b"[]")),
        ("a body that is not UTF-8", no_utf8.into()),
        ("20,000 lists in each other", deep.into()),
    ];
    for (what, body) in cases {
        finding.sent(what);
        let outgoing = Outgoing::new(stage.outgoing().id, body);
        let came = stage.send(stage.signed(&outgoing)?).await?;
        finding.came("", &came);
        kept(finding, &came, what, stage.within());
    }
    // Whoever broke over one of these is not there for the next.
    let came = stage.send(stage.signed(&stage.outgoing())?).await?;
    if came.status() != Some(200) && finding.verdict < Verdict::Fail {
        finding.came("a genuine one after them", &came);
        taken(finding, &came, stage.within());
    }
    Ok(())
}
