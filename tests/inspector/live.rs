//! What arrives, as it arrives.

use super::{
    browser::{Browser, DOWN, ENTER, PHONE, WIDE},
    judge::judge,
    scene::Scene,
};

/// So many rows are there.
fn rows(count: usize) -> String {
    format!("document.querySelectorAll('.rows .row').length === {count}")
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_rows_come_by_themselves_and_say_what_came() {
    let (scene, browser) = (Scene::new("live"), Browser::start());
    browser.goto(&scene.with_token("/"));
    browser.wait_for_text("main", "Nothing yet");
    scene.traffic();
    // Three that are new, one that came twice, two that were refused.
    browser.wait_until(&rows(7));
    browser.wait_until("document.querySelectorAll('.rows .badge.good').length === 4");
    // What was read of them comes a little later.
    browser.wait_until(
        "[...document.querySelectorAll('.rows .row')].filter((row) => row.innerText.includes('message.received')).length >= 4",
    );
    let heads = browser.texts(".row.head > span");
    assert_eq!(heads.first().map(String::as_str), Some("Time"));
    let told = browser.texts(".rows .row");
    let row = |endpoint: &str, outcome: &str| {
        let found = told
            .iter()
            .find(|row| row.contains(endpoint) && row.contains(outcome));
        found.unwrap_or_else(|| panic!("no {outcome} of {endpoint}: {told:#?}"))
    };
    for provider in ["wawp", "waping", "wazapin"] {
        assert!(row(provider, "stored").contains("message.received"), "{told:#?}");
    }
    row("wazapin", "duplicate");
    assert!(row("wazapin", "refused").contains("403"), "{told:#?}");
    assert!(row("waping", "refused").contains("401"), "{told:#?}");
    judge(&browser, &scene);
    browser.screenshot("live");
    browser.resize(PHONE);
    browser.wait_until("innerWidth === 390 && document.querySelectorAll('.rows .row').length > 0");
    let wider = browser.js("return document.documentElement.scrollWidth - innerWidth");
    assert_eq!(wider, 0, "on a phone the page is as wide as the screen");
    browser.screenshot("live-phone");
    browser.resize(WIDE);
    browser.prefer("dark");
    browser.wait_until("matchMedia('(prefers-color-scheme: dark)').matches");
    browser.screenshot("live-dark");
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_the_filter_stands_in_the_address_and_pause_holds_what_comes() {
    let (scene, browser) = (Scene::new("filter"), Browser::start());
    scene.traffic();
    browser.goto(&scene.with_token("/"));
    browser.wait_until(&rows(7));
    browser.write("input[name=endpoint]", "wawp");
    browser.wait_until(&rows(1));
    browser.wait_until("location.search === '?endpoint=wawp'");
    assert!(browser.text(".rows .row").contains("wawp"));
    // Somebody else who gets this link sees the same.
    browser.goto(&scene.with_token("/?endpoint=waping"));
    browser.wait_until(&rows(2));
    let field = browser.js("return document.querySelector('input[name=endpoint]').value");
    assert_eq!(field, "waping");
    judge(&browser, &scene);
    // A part of a word is a filter as well, and finds what is older than the page.
    browser.goto(&scene.with_token("/?kind=message.rec"));
    // Four, and the copy of one of them.
    browser.wait_until(&rows(5));
    browser.press("Load older");
    browser.wait_for_text("[role=status].hint", "there are no older ones");
    assert_eq!(browser.text("#says"), "");
    browser.goto(&scene.with_token("/?endpoint=waping"));
    browser.wait_until(&rows(2));

    browser.press("Pause");
    scene.send("waping", "");
    browser.wait_for_text("button[aria-pressed=true]", "Go on (1)");
    assert_eq!(
        browser.texts(".rows .row").len(),
        2,
        "nothing moves under the eye"
    );
    browser.press("Go on (1)");
    browser.wait_until(&rows(3));
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_arrows_and_enter_open_a_delivery() {
    let (scene, browser) = (Scene::new("keys"), Browser::start());
    scene.send("wawp", "");
    scene.send("waping", "");
    browser.goto(&scene.with_token("/"));
    browser.wait_until(&rows(2));
    browser.js("document.querySelector('.scroll').focus()");
    browser.keys(&format!("{DOWN}{DOWN}"));
    browser.wait_for_text(".row[aria-selected=true]", "wawp");
    browser.wait_until(
        "document.activeElement.getAttribute('aria-activedescendant') === document.querySelector('.row[aria-selected=true]').id",
    );
    browser.keys(ENTER);
    browser.wait_until("location.pathname.startsWith('/deliveries/')");
    browser.wait_for_text("h1", "Delivery");
    browser.wait_for_text("main", "wawp");
    // Whoever hears the page hears what is new.
    browser.wait_until("document.activeElement.id === 'view'");
}
