//! With the token and without it.

use super::{
    browser::{Browser, TAB},
    judge::judge,
    scene::{PHONE, Scene, TOKEN},
};

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_without_the_token_one_may_look_and_no_more() {
    let (scene, browser) = (Scene::new("no-token"), Browser::start());
    scene.traffic();
    browser.goto(&format!("{}/", scene.page));
    browser.wait_for(".rows .row a[href^='/deliveries/']");
    judge(&browser, &scene);
    for (path, heading) in [
        ("/refused", "Refused"),
        ("/pictures", "Pictures"),
        ("/dead", "Dead letters"),
        ("/endpoints", "Endpoints"),
    ] {
        browser.goto(&format!("{}{path}", scene.page));
        browser.wait_for_text("h1", heading);
        judge(&browser, &scene);
    }
    browser.goto(&format!("{}/?endpoint=wawp", scene.page));
    browser.wait_for(".rows .row a[href^='/deliveries/']");
    browser.click(".rows .row a[href^='/deliveries/']");
    browser.wait_for_text("h1", "Delivery");
    judge(&browser, &scene);

    browser.press("Reveal");
    browser.wait_for_text("dialog[open]", "This needs the token.");
    browser.screenshot("token");
    browser.write("#token", "0123456789abcdef0123456789abcdef");
    browser.press("Use it");
    browser.wait_for_text("dialog[open]", "the token is not the one of this gateway");
    assert!(!browser.source().contains(PHONE));
    // Who has none may look as before, without being asked again and again.
    browser.press("Cancel");
    browser.wait_until("document.querySelector('dialog') === null");
    browser.wait_for_text("#key", "Enter token");
    browser.press("Live");
    browser.wait_for(".rows .row a[href^='/deliveries/']");
    browser.js("history.back()");
    browser.wait_for_text("h1", "Delivery");

    browser.press("Reveal");
    browser.wait_for("dialog[open]");
    browser.write("#token", TOKEN);
    browser.press("Use it");
    browser.wait_for_text("main", "Revealed: persons and texts are as they came.");
    assert!(browser.source().contains(PHONE));
    assert!(!browser.source().contains(TOKEN));
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_the_token_leaves_the_address_and_stays_in_the_tab() {
    let (scene, browser) = (Scene::new("token"), Browser::start());
    browser.goto(&scene.with_token("/endpoints"));
    browser.wait_for_text("h1", "Endpoints");
    assert_eq!(browser.address(), format!("{}/endpoints", scene.page));
    browser.wait_for_text("#key", "Forget token");
    assert_eq!(browser.js("return history.length <= 2"), true);
    assert!(!browser.source().contains(TOKEN));
    // Other tabs and the disk do not have it.
    assert_eq!(browser.js("return localStorage.length"), 0);
    assert_eq!(browser.js("return document.cookie"), "");
    browser.press("Forget token");
    browser.wait_for_text("#key", "Enter token");
    assert_eq!(browser.js("return sessionStorage.length"), 0);
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn the_keyboard_gets_to_every_view_and_one_sees_where_it_is() {
    let (scene, browser) = (Scene::new("keyboard"), Browser::start());
    browser.goto(&scene.with_token("/endpoints"));
    browser.wait_for(".card");
    let mut reached = Vec::new();
    for _ in 0..8 {
        browser.keys(TAB);
        let visible = browser.js("const style = getComputedStyle(document.activeElement);
             return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0");
        let name = browser.js("return document.activeElement.innerText");
        assert_eq!(visible, true, "one does not see that {name} has the focus");
        reached.push(name.as_str().unwrap().to_owned());
    }
    for view in ["Live", "Pictures", "Refused", "Dead letters", "Endpoints"] {
        assert!(reached.iter().any(|name| name == view), "{view}: {reached:?}");
    }
}
