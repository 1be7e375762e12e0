//! Where spans are sent.

use http::Uri;

use crate::config::LogConfig;

/// The path of traces below the URL of a collector.
const TRACES: &str = "/v1/traces";
/// A whole URL, as OpenTelemetry has it.
const OF_TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// The URL of a collector, as OpenTelemetry has it.
const OF_ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Judges `log.otlp`.
pub(crate) fn check(url: &str) -> Result<(), String> {
    web(url).ok_or_else(|| wrong("`otlp`"))
}

/// The whole URL that the configuration leads to, else the environment.
pub(super) fn find(
    config: &LogConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, String> {
    if let Some(url) = &config.otlp {
        check(url.expose())?;
        return Ok(Some(traces_below(url.expose())));
    }
    let said = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
    let (name, url) = match (said(OF_TRACES), said(OF_ALL)) {
        (Some(whole), _) => (OF_TRACES, whole),
        (None, Some(base)) => (OF_ALL, traces_below(&base)),
        (None, None) => return Ok(None),
    };
    web(&url).ok_or_else(|| wrong(name))?;
    Ok(Some(url.trim().to_owned()))
}

fn traces_below(url: &str) -> String {
    let base = url.trim().trim_end_matches('/');
    let base = base.strip_suffix(TRACES).unwrap_or(base);
    format!("{base}{TRACES}")
}

/// Credentials have no place in it: the URL of a collector is shown.
fn web(url: &str) -> Option<()> {
    let uri: Uri = url.trim().parse().ok()?;
    let plain = uri.query().is_none() && !uri.authority()?.as_str().contains('@');
    let good = plain && matches!(uri.scheme_str(), Some("http" | "https"));
    good.then_some(())
}

fn wrong(name: &str) -> String {
    format!(
        "{name} must be the URL of a collector, such as http://127.0.0.1:4318; what it wants to know of us goes into OTEL_EXPORTER_OTLP_HEADERS"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(otlp: Option<&str>) -> LogConfig {
        let table = otlp.map(|url| serde_json::json!({ "otlp": url }));
        serde_json::from_value(table.unwrap_or_else(|| serde_json::json!({}))).unwrap()
    }

    #[test]
    fn the_configuration_stands_over_the_environment() {
        let environment = |name: &str| {
            let both = [(OF_TRACES, "http://t/x"), (OF_ALL, "http://a/")];
            let found = both.iter().find(|(known, _)| *known == name);
            found.map(|(_, url)| (*url).to_owned())
        };
        let base_alone = |name: &str| environment(name).filter(|_| name == OF_ALL);
        let empty = |_: &str| Some(" ".to_owned());
        let found = |url: &str| Ok(Some(url.to_owned()));
        for (url, expected) in [
            ("http://c:4318", "http://c:4318/v1/traces"),
            ("https://c/otlp/", "https://c/otlp/v1/traces"),
            ("http://c:4318/v1/traces", "http://c:4318/v1/traces"),
        ] {
            assert_eq!(find(&config(Some(url)), environment), found(expected));
        }
        assert_eq!(find(&config(None), environment), found("http://t/x"));
        assert_eq!(find(&config(None), base_alone), found("http://a/v1/traces"));
        assert_eq!(find(&config(None), empty), Ok(None));
    }

    #[test]
    fn p_a_url_with_credentials_is_refused_and_not_repeated() {
        for url in [
            "http://u:hunter2@c:4318",
            "http://c/?key=hunter2",
            "grpc://hunter2",
            "hunter2",
            "",
        ] {
            for problem in [
                check(url).unwrap_err(),
                find(&config(None), |_| Some(url.to_owned() + "!")).unwrap_err(),
            ] {
                assert!(problem.contains("URL of a collector"), "{problem}");
                assert!(!problem.contains("hunter2"), "{problem}");
            }
        }
    }
}
