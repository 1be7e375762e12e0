//! The inspector: a page over the API of this listener. Its files hold nothing of the gateway's, so whoever asks gets them;
//! what they show comes from the API, with the token of whoever looks.

use axum::{
    Router,
    extract::{OriginalUri, Path},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, Uri,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};

use super::{AdminState, answer::Refused};

/// A file of the page.
struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $kind:ident),* $(,)?) => {
        &[$(File {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../../inspector/", $name)),
        }),*]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

const FILES: &[File] = files![
    "app.js": SCRIPT,
    "api.js": SCRIPT,
    "confirm.js": SCRIPT,
    "dead.js": SCRIPT,
    "delivery.js": SCRIPT,
    "dom.js": SCRIPT,
    "endpoints.js": SCRIPT,
    "filter.js": SCRIPT,
    "live.js": SCRIPT,
    "pictures.js": SCRIPT,
    "refused.js": SCRIPT,
    "style.css": STYLE,
    "icon.svg": PICTURE,
    "uplot/uPlot.iife.min.js": SCRIPT,
    "uplot/uPlot.min.css": STYLE,
];

/// The paths of the page: its script reads them.
const PLACES: [&str; 7] = [
    "/",
    "/pictures",
    "/deliveries/{id}",
    "/refused",
    "/refused/{id}",
    "/dead",
    "/endpoints",
];

/// Where its files are.
const ASSETS: &str = "/assets/";

pub(super) fn router() -> Router<AdminState> {
    let places = PLACES
        .iter()
        .fold(Router::new(), |router, place| router.route(place, get(page)));
    places.route("/assets/{*file}", get(file))
}

/// Whether whoever asks may have what is at this path: it tells nothing.
pub(super) fn is_open(path: &str) -> bool {
    let is_place = |place: &str| match place.strip_suffix("{id}") {
        Some(folder) => path.strip_prefix(folder).is_some_and(|id| !id.contains('/')),
        None => path == place,
    };
    path.starts_with(ASSETS) || PLACES.into_iter().any(is_place)
}

/// What stands in the page for where it is mounted.
const BASE: &str = r#"<base href="/">"#;

/// Scripts and styles of its own and nothing else: what a message says never runs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// The page; it is told where the router is mounted, since it asks for its files and the API from there.
async fn page(OriginalUri(asked): OriginalUri, inside: Uri, headers: HeaderMap) -> Response {
    let mount = match inside.path() {
        "/" => asked.path().trim_end_matches('/'),
        inside => asked.path().strip_suffix(inside).unwrap_or_default(),
    };
    let base = format!(
        "<base href=\"{}{}/\">",
        prefix(&headers),
        mount.replace(['"', '<', '&'], "")
    );
    let page = include_str!("../../inspector/index.html").replace(BASE, &base);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, page).into_response()
}

/// What a proxy took off the path, if it says so and it is a path.
fn prefix(headers: &HeaderMap) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    let said = headers
        .get("x-forwarded-prefix")
        .and_then(|value| value.to_str().ok());
    let prefix = said.map_or("", |prefix| prefix.trim_end_matches('/'));
    let is_path = prefix.starts_with('/') && prefix.chars().all(plain) && !prefix.contains("//");
    if is_path { prefix } else { "" }
}

async fn file(Path(name): Path<String>) -> Result<Response, Refused> {
    let file = FILES.iter().find(|file| file.name == name);
    file.map(|file| ([(CONTENT_TYPE, file.kind)], file.bytes).into_response())
        .ok_or_else(|| Refused::not_found("the page has no such file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_place_for_its_mount() {
        assert!(include_str!("../../inspector/index.html").contains(BASE));
    }

    #[test]
    fn p_a_prefix_is_a_path_or_none() {
        let of = |text: &'static str| {
            prefix(&HeaderMap::from_iter([(
                "x-forwarded-prefix".parse().unwrap(),
                text.parse().unwrap(),
            )]))
            .to_owned()
        };
        assert_eq!(of("/ops/wahook/"), "/ops/wahook");
        for bad in [
            "",
            "/",
            "ops",
            "//evil.example",
            "/a\"><script>",
            "/a//b",
            "https://evil.example",
        ] {
            assert_eq!(of(bad), "", "{bad}");
        }
        assert_eq!(prefix(&HeaderMap::new()), "");
    }

    #[test]
    fn p_only_the_page_itself_is_open() {
        for path in [
            "/",
            "/assets/app.js",
            "/deliveries/x",
            "/refused",
            "/refused/1",
            "/dead",
        ] {
            assert!(is_open(path), "{path}");
        }
        for path in [
            "/api/v1/status",
            "/metrics",
            "/api",
            "/assets",
            "/deliveries",
            "/deliveries/x/y",
            "//api/v1/status",
            "",
        ] {
            assert!(!is_open(path), "{path}");
        }
    }
}
