//! Events as requests: a POST for each, in the order of the lane.

mod address;
mod answer;
mod content;
mod options;
mod resolve;

use std::{error::Error, fmt, net::IpAddr, sync::Arc, time::Duration};

use http::{HeaderMap, header::AUTHORIZATION};
use reqwest::{Client, Response, Url};
use wahook_core::{
    BoxFuture, Clock, Endpoint,
    guard::{OpenError, OpenErrorKind},
    model::Event,
    proof::StandardSigner,
    sink::{Delivered, MessageForm, Sink, SinkError, SinkErrorKind},
};

pub use self::options::HttpOptions;
use self::{
    content::Content,
    resolve::{Reach, Resolver},
};
use super::Alone;
use crate::web;

/// Posts events to a URL, one for each request; done is what was answered 2xx.
///
/// With secrets, requests are signed as Standard Webhooks has it, and `webhook-id` is the event's key, with `#r` and a
/// number behind it for a replay: the same in all attempts.
pub struct HttpSink {
    client: Client,
    url: Url,
    headers: HeaderMap,
    content: Content,
    max_retry_after: Duration,
    clock: Arc<dyn Clock>,
}

impl HttpSink {
    /// Posts to this URL; nothing is sent yet. User and password in it become an `authorization` header.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`] for a URL that cannot or must not be posted to, or for secrets that cannot sign;
    /// [`OpenErrorKind::Refused`] if TLS cannot be set up.
    pub fn new(url: &str, options: HttpOptions, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let signer = match &options.secrets {
            Some(secrets) => Some(
                StandardSigner::new(secrets).map_err(|error| wrong("a secret cannot sign").because(error))?,
            ),
            None => None,
        };
        let form = MessageForm {
            format: options.format,
            raw: options.raw,
        };
        Self::posting(Content::Event(form, signer), url, options, clock)
    }

    /// Posts what the provider sent to this URL, each item in a body of its own and signed as `signer` would have it: for code
    /// that reads and verifies what comes from the provider. Format, `raw` and secrets of the options say nothing here.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn as_sent(
        url: &str,
        options: HttpOptions,
        alone: Alone,
        signer: Endpoint,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::posting(Content::AsSent(alone, signer), url, options, clock)
    }

    fn posting(
        content: Content,
        url: &str,
        options: HttpOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let url = checked(url)?;
        let reach = reach(&url, options.allow_private)?;
        Self::within(reach, content, url, options, clock)
    }

    fn within(
        reach: Reach,
        content: Content,
        url: Url,
        options: HttpOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        if !url.username().is_empty() && options.headers.contains_key(AUTHORIZATION) {
            return Err(wrong(
                "the URL has a user and there is an authorization header: keep one",
            ));
        }
        let resolver = Resolver {
            host: url.host_str().unwrap_or_default().to_owned(),
            reach,
        };
        Ok(Self {
            client: client(&url, &options, resolver)?,
            url,
            headers: options.headers,
            content,
            max_retry_after: options.max_retry_after,
            clock,
        })
    }

    async fn post(&self, event: &Event) -> Result<(), SinkError> {
        let (own, body) = self.content.of(event, self.clock.now()).await?;
        let mut headers = self.headers.clone();
        headers.extend(own);
        let request = self.client.post(self.url.clone()).headers(headers).body(body);
        let answer = request.send().await.map_err(|error| unanswered(&error))?;
        let now = self.clock.now();
        let judged = answer::judge(answer.status(), answer.headers(), now, self.max_retry_after);
        drain(answer).await;
        judged
    }
}

impl Sink for HttpSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            for (index, event) in events.iter().enumerate() {
                if let Err(error) = self.post(event).await {
                    return Delivered::up_to(index, error);
                }
            }
            Delivered::all(events)
        })
    }
}

/// Without the URL, whose path and query may be a secret.
impl fmt::Debug for HttpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSink")
            .field("host", &self.url.host_str())
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

fn checked(text: &str) -> Result<Url, OpenError> {
    // Not the parser's error: it may say what it stumbled over.
    let url = Url::parse(text.trim()).map_err(|_| wrong("the URL cannot be read: https://host/path"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong("the URL begins with https:// or http://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("the URL names no host"));
    }
    if url.fragment().is_some() {
        return Err(wrong(
            "the URL has a `#`, and what is behind it is never sent: leave it out, or write %23",
        ));
    }
    Ok(url)
}

/// How far the URL's host may lead; an address is judged here, since nobody looks it up.
fn reach(url: &Url, allow_private: bool) -> Result<Reach, OpenError> {
    let host = url.host_str().unwrap_or_default();
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return if Reach::Private.admits(address) {
            Ok(Reach::Private)
        } else {
            Err(wrong(
                "the URL's host is a link-local, metadata or reserved address, which is never connected to",
            ))
        };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    Ok(if allow_private {
        Reach::Private
    } else if name == "localhost" || name.ends_with(".localhost") {
        Reach::Loopback
    } else {
        Reach::Public
    })
}

fn client(url: &Url, options: &HttpOptions, resolver: Resolver) -> Result<Client, OpenError> {
    let set = |builder: reqwest::ClientBuilder| {
        let builder = builder
            .user_agent(concat!("wahook/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .timeout(options.timeout)
            // Less than servers and balancers wait as a rule, so that a request seldom meets a connection that is closing.
            .pool_idle_timeout(Duration::from_secs(30));
        if options.environment_proxy {
            builder
        } else {
            builder.no_proxy()
        }
    };
    web::client(url.scheme(), set).map_err(|error| {
        let text = format!("TLS cannot be set up; {}", web::INSTALL_ROOTS);
        OpenError::new(OpenErrorKind::Refused, &text).because(error)
    })
}

fn wrong(text: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}

/// Why there was no answer. Only the innermost cause is quoted: those around it name the URL.
fn unanswered(error: &reqwest::Error) -> SinkError {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let innermost = cause.downcast_ref::<reqwest::Error>().is_none();
    let text = if error.is_connect() && innermost {
        format!("cannot connect: {cause}")
    } else if error.is_timeout() {
        "the receiver did not answer in time".to_owned()
    } else if error.is_connect() {
        "cannot connect".to_owned()
    } else {
        "the connection ended before the receiver answered".to_owned()
    };
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}

/// Reads what little an answer may say, so that the connection can be used again; the status has said it all.
async fn drain(mut answer: Response) {
    let read = async {
        let mut left = DRAINED;
        while let Ok(Some(chunk)) = answer.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    let _ = tokio::time::timeout(DRAINING, read).await;
}

const DRAINED: usize = 64 * 1024;
const DRAINING: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_a_url_that_must_not_be_posted_to_is_refused() {
        for (url, said) in [
            ("", "cannot be read"),
            ("hunter2", "cannot be read"),
            ("http://", "cannot be read"),
            ("ftp://example.com/hunter2", "https://"),
            ("file:///hunter2", "https://"),
            ("https://example.com/a#hunter2", "`#`"),
            ("http://169.254.169.254/hunter2", "never connected"),
            ("http://[fd00:ec2::254]/", "never connected"),
            ("http://[::ffff:169.254.169.254]/", "never connected"),
            ("http://2852039166/", "never connected"),
            ("http://0xa9fea9fe/", "never connected"),
            ("http://0251.0376.0251.0376/", "never connected"),
            ("http://169.254.43518/", "never connected"),
            ("http://0/", "never connected"),
            ("http://0.0.0.0:80/", "never connected"),
            ("http://[::]/", "never connected"),
            ("http://[fe80::1]/", "never connected"),
            ("http://100.100.100.200/", "never connected"),
            ("http://255.255.255.255/", "never connected"),
            // Fullwidth digits are digits to a URL.
            ("http://１６９.254.169.254/", "never connected"),
        ] {
            let error = checked(url).and_then(|url| reach(&url, true)).unwrap_err();
            assert!(error.to_string().contains(said), "{url}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn p_a_name_that_turns_inward_is_not_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let url = checked(&url).unwrap();
        let clock = Arc::new(wahook_tower::SystemClock::new());
        // As for a name that was public when it was configured.
        let content = Content::Event(MessageForm::default(), None);
        let sink = HttpSink::within(Reach::Public, content, url, HttpOptions::default(), clock).unwrap();
        let delivered = sink.deliver(&[message()]).await;
        let error = delivered.error.unwrap();
        assert!(error.to_string().contains("allow_private"), "{error}");
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody came");
    }

    fn message() -> Event {
        let form = r#"{"schema":"wahook.event/1","key":"v1:wawp:A1:message:m1","provider":"wawp","endpoint":"shop",
            "kind":"unknown","time_source":"none","received_at":"2026-10-03T10:00:01Z","delivery":{
            "id":"0199c0de-7c00-7000-8000-000000000000","key":"d1","key_source":"body","conflict":false},"data":{}}"#;
        serde_json::from_str(form).unwrap()
    }

    #[test]
    fn p_a_private_place_needs_the_operators_word() {
        for (url, allowed, expected) in [
            ("https://example.com/", false, Reach::Public),
            ("https://example.com/", true, Reach::Private),
            ("http://localhost:8080/", false, Reach::Loopback),
            ("http://LOCALHOST.:8080/", false, Reach::Loopback),
            ("http://app.localhost/", false, Reach::Loopback),
            ("http://localhost.example.com/", false, Reach::Public),
            ("http://notlocalhost/", false, Reach::Public),
            ("http://10.0.0.1/", false, Reach::Private),
            ("http://[::1]:1/", false, Reach::Private),
        ] {
            assert_eq!(reach(&checked(url).unwrap(), allowed).unwrap(), expected, "{url}");
        }
    }
}
