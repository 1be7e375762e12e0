//! What must come out nowhere, and the forms in which it could.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

pub(super) const PHONE: &str = "15550104477";
pub(super) const LID: &str = "99887766554433";
pub(super) const GROUP: &str = "120363998877665544";
pub(super) const NAME: &str = "Nightingale Canary";
pub(super) const TEXT: &str = "canary sings at noon";
/// What a sender writes where nobody looks.
pub(super) const PATH: &str = "canary-in-a-path";
pub(super) const QUERY: &str = "canary-in-a-query";
pub(super) const HEADER: &str = "canary-in-a-header";
/// Secrets of an operator.
pub(super) const SHOP: &str = "whsec_c2hvcC1zZWNyZXQtY2FuYXJ5LTAxMjM0NTY3ODk=";
pub(super) const DESK: &str = "desk-secret-canary-0123456789";
pub(super) const LINE: &str = "line-token-canary-0123456789";
pub(super) const SINK: &str = "whsec_c2luay1zZWNyZXQtY2FuYXJ5LTAxMjM0NTY3ODk=";
pub(super) const ADMIN: &str = "admin-token-canary-0123456789";
pub(super) const ADDRESS: &str = "canary-in-an-address";
/// A signature that somebody made up.
pub(super) const FORGED: &str = "Zm9yZ2VkLWNhbmFyeS1zaWduYXR1cmUtMDEyMzQ1Njc=";

/// Secrets of the operator: they are not even in files.
pub(super) const SECRETS: [&str; 8] = [
    "c2hvcC1zZWNyZXQtY2FuYXJ5LTAxMjM0NTY3ODk",
    "shop-secret-canary",
    DESK,
    LINE,
    "c2luay1zZWNyZXQtY2FuYXJ5LTAxMjM0NTY3ODk",
    "sink-secret-canary",
    ADMIN,
    ADDRESS,
];

/// What came from outside.
pub(super) const CAME: [&str; 9] = [
    PHONE,
    LID,
    GROUP,
    NAME,
    TEXT,
    PATH,
    QUERY,
    HEADER,
    "Zm9yZ2VkLWNhbmFyeS1zaWduYXR1cmUtMDEyMzQ1Njc",
];

/// The forms of a canary: as it is, and as whoever quotes, encodes or prints it would write it.
pub(super) fn forms(canary: &str) -> Vec<(&'static str, String)> {
    let bytes = canary.as_bytes();
    let each = |form: &dyn Fn(u8) -> String| bytes.iter().map(|byte| form(*byte)).collect::<String>();
    let listed: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let mut forms = vec![
        ("plain", canary.to_owned()),
        ("hex", each(&|byte| format!("{byte:02x}"))),
        ("percent", each(&|byte| format!("%{byte:02x}"))),
        ("percent where it must be", canary.replace(' ', "%20")),
        ("form", canary.replace(' ', "+")),
        ("JSON escapes", each(&|byte| format!("\\u{byte:04x}"))),
        ("a list of bytes", listed.join(", ")),
        ("reversed", canary.chars().rev().collect()),
    ];
    for form in &mut forms {
        form.1.make_ascii_lowercase();
    }
    // In base64 it looks different at each of three places in what is encoded.
    for before in 0..3 {
        let whole = STANDARD_NO_PAD.encode([&[0; 2][..before], bytes].concat());
        let certain = (before + bytes.len()) * 8 / 6;
        let begins = [0, 2, 3][before];
        forms.push(("base64", whole[begins..certain].to_owned()));
    }
    forms
}

/// What came out, as it is searched.
pub(super) struct Searched {
    exact: String,
    lower: String,
}

impl Searched {
    pub(super) fn new(said: &[u8]) -> Self {
        let exact = String::from_utf8_lossy(said).into_owned();
        let lower = exact.to_ascii_lowercase();
        Self { exact, lower }
    }

    /// In which form a canary is in there.
    pub(super) fn holds(&self, canary: &str) -> Option<&'static str> {
        let form = forms(canary).into_iter().find(|(name, form)| match *name {
            "base64" => self.exact.contains(&form[..]) || self.exact.contains(&url_safe(form)),
            _ => self.lower.contains(&form[..]),
        });
        form.map(|(name, _)| name)
    }
}

fn url_safe(form: &str) -> String {
    form.replace('+', "-").replace('/', "_")
}

#[test]
fn a_canary_is_found_in_every_form() {
    for canary in SECRETS.into_iter().chain(CAME) {
        for (name, form) in forms(canary) {
            let said = Searched::new(format!("x {form} x").as_bytes());
            assert!(said.holds(canary).is_some(), "{canary} as {name}");
        }
        assert_eq!(Searched::new(b"nothing of it").holds(canary), None);
    }
    assert_eq!(
        Searched::new(b"eCBjYW5hcnkgc2luZ3MgYXQgbm9vbiB4").holds(TEXT),
        Some("base64")
    );
}
