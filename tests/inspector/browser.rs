//! Chromium without a window, driven as a person drives it. Every wait has a deadline.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tempfile::TempDir;
use wahook_services::free_port;

use super::wire::{Wire, element};

/// How long a condition may take to hold, in milliseconds.
const DEADLINE: u32 = 20_000;

/// How the window is.
pub(crate) const WIDE: (u32, u32) = (1280, 800);
pub(crate) const PHONE: (u32, u32) = (390, 844);

/// What WebDriver writes for keys that write nothing.
pub(crate) const TAB: &str = "\u{E004}";
pub(crate) const ENTER: &str = "\u{E007}";
pub(crate) const DOWN: &str = "\u{E015}";

pub(crate) struct Browser {
    driver: Child,
    wire: Wire,
    /// The path of the session.
    session: String,
    /// Its profile, gone after the test.
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let port = free_port().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| missing("chromedriver", &error.to_string()));
        wait_until_it_listens(&mut driver);
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let (width, height) = WIDE;
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--enable-precise-memory-info",
                "--js-flags=--expose-gc",
                format!("--window-size={width},{height}"),
                folder,
            ] },
            "timeouts": { "script": 2 * DEADLINE },
        });
        let mut browser = Self {
            driver,
            wire: Wire::to(port),
            session: String::new(),
            _profile: profile,
        };
        let session = browser
            .wire
            .post(
                "/session",
                &json!({ "capabilities": { "alwaysMatch": capabilities } }),
            )
            .unwrap_or_else(|error| missing("Chromium", &error));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser.resize(WIDE);
        browser
    }

    pub(crate) fn goto(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    pub(crate) fn address(&self) -> String {
        self.get("url").as_str().unwrap().to_owned()
    }

    /// What a script in the page returns.
    pub(crate) fn js(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until this expression is true in the page.
    pub(crate) fn wait_until(&self, condition: &str) {
        self.wait(condition, "");
    }

    /// The same in a view that shows what there was when it was opened: it is opened anew until then.
    pub(crate) fn wait_until_again(&self, condition: &str) {
        let open = "if (performance.now() > next) {
                      next += 500;
                      dispatchEvent(new PopStateEvent('popstate'));
                    }";
        self.wait(condition, open);
    }

    fn wait(&self, condition: &str, between: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const end = performance.now() + {DEADLINE};
             let next = performance.now() + 500;
             const holds = () => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }};
             const look = () => {{
               if (holds()) return done(true);
               if (performance.now() > end) return done(false);
               {between}
               setTimeout(look, 20);
             }};
             look();"
        );
        let held = self.post("execute/async", &json!({ "script": script, "args": [] }));
        assert_eq!(
            held,
            Value::Bool(true),
            "in vain: {condition}\n{}",
            self.text("body")
        );
    }

    /// Waits until there is such an element.
    pub(crate) fn wait_for(&self, css: &str) {
        self.wait_until(&format!("document.querySelector({}) !== null", quoted(css)));
    }

    /// Waits until this text stands in the element.
    pub(crate) fn wait_for_text(&self, css: &str, text: &str) {
        let (css, text) = (quoted(css), quoted(text));
        self.wait_until(&format!(
            "document.querySelector({css}).innerText.includes({text})"
        ));
    }

    /// What a reader sees of the element.
    pub(crate) fn text(&self, css: &str) -> String {
        let text = self.js(&format!(
            "return document.querySelector({})?.innerText ?? ''",
            quoted(css)
        ));
        text.as_str().unwrap().to_owned()
    }

    /// What readers see of each such element.
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({})].map((one) => one.innerText)",
            quoted(css)
        );
        serde_json::from_value(self.js(&script)).unwrap()
    }

    /// All of the page.
    pub(crate) fn source(&self) -> String {
        let source = self.js("return document.documentElement.outerHTML");
        source.as_str().unwrap().to_owned()
    }

    /// Clicks where the middle of the element is.
    pub(crate) fn click(&self, css: &str) {
        self.click_on(&json!({ "using": "css selector", "value": css }));
    }

    /// Gives the element that this expression names the id `marked`.
    pub(crate) fn mark(&self, expression: &str) {
        self.js(&format!("({expression}).id = 'marked'"));
    }

    /// Clicks on the first button or link of this name, in the dialog if one is open.
    pub(crate) fn press(&self, name: &str) {
        let place = match self.js("return document.querySelector('dialog[open]') !== null") {
            Value::Bool(true) => "//dialog",
            _ => "",
        };
        let path = format!("{place}//*[self::button or self::a][normalize-space()='{name}']");
        self.click_on(&json!({ "using": "xpath", "value": path }));
    }

    /// A row may be drawn anew between the look and the click: then there is another in its place.
    fn click_on(&self, how: &Value) {
        loop {
            let found = self.post("element", how);
            let id = element(&found).unwrap();
            let clicked = format!("{}/element/{id}/click", self.session);
            match self.wire.post(&clicked, &json!({})) {
                Ok(_) => return,
                Err(error) if is_stale(&error) => {}
                Err(error) => panic!("{how}: {error}"),
            }
        }
    }

    /// Clicks into a field and writes.
    pub(crate) fn write(&self, css: &str, text: &str) {
        self.click(css);
        self.keys(text);
    }

    /// Strikes these keys, wherever the focus is.
    pub(crate) fn keys(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                let key = key.to_string();
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("actions", &json!({ "actions": [keyboard] }));
    }

    /// Kind and name of each such element, as the browser tells those who do not see it.
    pub(crate) fn names(&self, css: &str) -> Vec<(String, String)> {
        loop {
            let found = self.post("elements", &json!({ "using": "css selector", "value": css }));
            let ids = found.as_array().unwrap().iter().map(|one| element(one).unwrap());
            let told = |id: &str, what: &str| {
                let told = self.wire.get(&format!("{}/element/{id}/{what}", self.session));
                told.map(|told| told.as_str().unwrap().to_owned())
            };
            let names = ids.map(|id| Ok((told(id, "computedrole")?, told(id, "computedlabel")?)));
            match names.collect::<Result<Vec<_>, String>>() {
                Ok(names) => return names,
                Err(error) if is_stale(&error) => {}
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    /// What stands in the console since it was asked last.
    pub(crate) fn console(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().unwrap().iter();
        lines
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A window of this size; a small one as a phone has it.
    pub(crate) fn resize(&self, (width, height): (u32, u32)) {
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.tool("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// As one who prefers this: `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tool("Emulation.setEmulatedMedia", &features);
    }

    /// What WebDriver has no word for.
    fn tool(&self, command: &str, params: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": params }));
    }

    /// Writes what is seen into the folder of pictures.
    pub(crate) fn screenshot(&self, name: &str) {
        let folder =
            Path::new(option_env!("CARGO_TARGET_TMPDIR").unwrap_or("target/tmp")).join("../inspector");
        fs::create_dir_all(&folder).unwrap();
        let picture = self.get("screenshot");
        let picture = BASE64.decode(picture.as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.wire.get(&format!("{}/{path}", self.session));
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn post(&self, path: &str, what: &Value) -> Value {
        let answer = self.wire.post(&format!("{}/{path}", self.session), what);
        answer.unwrap_or_else(|error| panic!("{path} {what}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session has the browser end, which would stay without its driver.
        if !self.session.is_empty() {
            let _ = self.wire.delete(&self.session);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Whether an element was drawn anew since it was found.
fn is_stale(error: &str) -> bool {
    error.contains("stale element reference")
}

/// The driver says so in a line that has no end.
fn wait_until_it_listens(driver: &mut Child) {
    let mut stdout = driver.stdout.take().unwrap();
    let mut said = Vec::new();
    let mut some = [0; 256];
    while !String::from_utf8_lossy(&said).contains("started successfully on port") {
        let count = stdout.read(&mut some).unwrap();
        assert_ne!(count, 0, "chromedriver ended: {}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&some[..count]);
    }
    // What else it says is read and thrown away, so that it never waits for us.
    thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
}

fn missing(what: &str, why: &str) -> ! {
    let why = why.lines().next().unwrap_or_default();
    panic!(
        "{what} does not start ({why}): install Chromium and its driver (Debian: apt-get install chromium chromium-driver), or run `cargo xtask test`, which does so as root"
    );
}

/// A text as JavaScript has it.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
