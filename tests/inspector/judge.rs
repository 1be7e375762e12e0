//! What holds in every view.

use super::{browser::Browser, scene::Scene};

/// Nothing is shown that is nobody's business, the page keeps its own policy, and who sees nothing can use it.
pub(crate) fn judge(browser: &Browser, scene: &Scene) {
    masked(browser, scene);
    policy(browser);
    accessible(browser);
}

/// Every phone number in these tests begins so.
const AREA: &str = "1555";

/// No secret, no phone number, no text of a message.
fn masked(browser: &Browser, scene: &Scene) {
    let source = browser.source();
    for secret in scene.secrets() {
        assert!(
            !source.contains(&secret),
            "a secret is in the page {}",
            browser.address()
        );
    }
    for text in [super::scene::TEXT, "Good morning", "blue one"] {
        assert!(!source.contains(text), "{text:?} is in {}", browser.address());
    }
    let number = source.match_indices(AREA).find(|(at, _)| {
        let digits = source[*at..].bytes().take_while(u8::is_ascii_digit);
        digits.count() >= 11
    });
    assert_eq!(number, None, "a phone number is in {}", browser.address());
}

/// The console says nothing of the policy, and nothing was thrown that nobody caught.
pub(crate) fn policy(browser: &Browser) {
    let bad: Vec<_> = browser
        .console()
        .into_iter()
        .filter(|line| line.contains("Content Security Policy") || line.contains("Uncaught"))
        .collect();
    assert_eq!(bad, Vec::<String>::new(), "{}", browser.address());
}

/// One heading, a name for whatever can be used, and the keyboard gets everywhere.
fn accessible(browser: &Browser) {
    let headings = browser.texts("h1");
    assert_eq!(headings.len(), 1, "{headings:?}");
    for (role, name) in browser.names("input, button:not([hidden]), main a") {
        assert!(
            !name.trim().is_empty(),
            "a {role} without a name in {}",
            browser.address()
        );
    }
    let title = browser.js("return document.title");
    assert!(title.as_str().unwrap().ends_with(" · wahook"), "{title}");
}
