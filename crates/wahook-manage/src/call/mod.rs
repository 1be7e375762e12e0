//! What all clients share: a request, its repeats, and its answer.

mod answer;
mod client;
mod markup;
mod options;
mod pause;
mod told;

use std::{fmt, time::Duration};

use reqwest::{
    Client, Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use tokio::time::Instant;
use wahook_core::Secret;

pub(crate) use self::answer::Answer;
use self::{answer::Failed, pause::backoff};
pub use self::{options::Options, pause::Pauses};
use crate::error::{Error, ErrorKind};

/// Makes the calls of one account.
pub(crate) struct Caller {
    client: Client,
    base: Url,
    headers: HeaderMap,
    /// Whatever must not come back in an error.
    secrets: Vec<Secret>,
    options: Options,
}

/// One call.
pub(crate) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(String, String)>,
    header: Option<(HeaderName, Secret)>,
    body: Option<Value>,
    secrets: Vec<Secret>,
    repeats: Repeats,
    gone_is_done: bool,
}

/// What a call may be repeated after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    /// Done twice it is as done once.
    WhateverCame,
    /// Done twice it may be twice done: only where the provider says that it did nothing.
    IfRefused,
}

/// What is shorter is no secret, and stands in many a word.
const SHORTEST: usize = 4;

impl<'a> Call<'a> {
    /// A call that may be done twice.
    pub(crate) fn new(method: Method, path: &[&'a str]) -> Self {
        Self {
            method,
            path: path.to_vec(),
            query: Vec::new(),
            header: None,
            body: None,
            secrets: Vec::new(),
            repeats: Repeats::WhateverCame,
            gone_is_done: false,
        }
    }

    /// This call must not be done twice.
    pub(crate) const fn once(mut self) -> Self {
        self.repeats = Repeats::IfRefused;
        self
    }

    /// What a repeat no longer finds, an attempt before it took away.
    pub(crate) const fn gone_is_done(mut self) -> Self {
        self.gone_is_done = true;
        self
    }

    pub(crate) fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// A credential of this call alone; the client knows that it is secret.
    pub(crate) fn header(mut self, name: HeaderName, value: &Secret) -> Self {
        self.header = Some((name, value.clone()));
        self
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// A secret in the body, which the answer may quote.
    pub(crate) fn holds(mut self, secret: Option<&Secret>) -> Self {
        self.secrets.extend(secret.cloned());
        self
    }

    /// A URL in the body, whose query may be a secret, and which the answer may quote as a whole or in parts.
    pub(crate) fn names(mut self, url: &str) -> Self {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let raw = query
            .split('&')
            .filter_map(|pair| Some(pair.split_once('=')?.1.to_owned()));
        // The host plays no part: the parser wants one.
        let parsed = Url::parse(&format!("https://x/?{query}"));
        let decoded: Vec<String> = parsed
            .iter()
            .flat_map(Url::query_pairs)
            .map(|(_, value)| value.into_owned())
            .collect();
        let values = raw.chain(decoded).filter(|value| value.len() >= SHORTEST);
        let all = std::iter::once(url.to_owned()).chain(values);
        self.secrets
            .extend(all.filter_map(|text| Secret::dangerous_published(text).ok()));
        self
    }
}

impl Caller {
    pub(crate) fn new(
        documented_base: &str,
        credentials: Vec<(HeaderName, Secret)>,
        options: Options,
    ) -> Result<Self, Error> {
        let base = client::checked(options.base_url.as_deref().unwrap_or(documented_base))?;
        let mut headers = HeaderMap::new();
        let mut secrets = Vec::new();
        for (name, secret) in credentials {
            headers.insert(name, header_value(secret.expose())?);
            secrets.push(secret);
        }
        Ok(Self {
            client: client::client(&base, &options)?,
            base,
            headers,
            secrets,
            options,
        })
    }

    /// A header that says no secret.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        self.headers.insert(name, header_value(value)?);
        Ok(self)
    }

    /// A secret that travels elsewhere than in a header.
    pub(crate) fn with_secret(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.clone());
        self
    }

    /// `Bearer` and the token, of which the token alone is secret.
    pub(crate) fn with_bearer(mut self, name: HeaderName, token: &Secret) -> Result<Self, Error> {
        let value = header_value(&format!("Bearer {}", token.expose()))?;
        self.headers.insert(name, value);
        Ok(self.with_secret(token))
    }

    /// Whatever an answer to this call must not bring into an error.
    pub(crate) fn secrets_of(&self, call: &Call<'_>) -> Vec<Secret> {
        [self.secrets.as_slice(), &call.secrets].concat()
    }

    /// Makes a call, and repeats it where that is harmless.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        let url = self.url(&call)?;
        let body = call.body.as_ref().map(Value::to_string);
        let secrets = self.secrets_of(&call);
        let Options {
            deadline, retries, ..
        } = self.options;
        let (mut spent, mut attempts, mut in_doubt) = (Duration::ZERO, 0_u32, false);
        loop {
            attempts += 1;
            let begun = Instant::now();
            let left = deadline.saturating_sub(spent);
            let answered = self.attempt(&call, &url, body.clone(), left, &secrets).await;
            spent = spent.saturating_add(begun.elapsed());
            let failed = match answered {
                Ok(answer) => return Ok(answer.after_attempts(attempts)),
                Err(failed) => failed,
            };
            let Failed { error, .. } = failed;
            if error.kind() == ErrorKind::NotFound && call.gone_is_done && in_doubt {
                return Ok(Answer::nothing());
            }
            in_doubt |= failed.may_be_done && error.may_be_done();
            let pause = error
                .retry_after()
                .unwrap_or_else(|| backoff(self.options.backoff, attempts, self.options.pauses.jitter()));
            let over = attempts > retries || spent.saturating_add(pause) >= deadline;
            if over || !call.repeats.after(error.kind()) {
                let error = error.after_attempts(attempts);
                return Err(if in_doubt {
                    error.in_doubt()
                } else {
                    error.unsent()
                });
            }
            tracing::debug!(
                kind = ?error.kind(),
                status = error.status(),
                attempts,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "repeats a call"
            );
            self.options.pauses.pause(pause).await;
            spent = spent.saturating_add(pause);
        }
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        url: &Url,
        body: Option<String>,
        left: Duration,
        secrets: &[Secret],
    ) -> Result<Answer, Failed> {
        let mut request = self
            .client
            .request(call.method.clone(), url.clone())
            .headers(self.headers.clone())
            .header(ACCEPT, "application/json")
            .timeout(self.options.timeout.min(left));
        if let Some((name, value)) = &call.header {
            request = request.header(name, header_value(value.expose())?);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(answer::unanswered)?;
        answer::read(response, secrets, || self.options.pauses.now()).await
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        let mut url = self.base.clone();
        let of_no_path = || Error::config("the base URL cannot have a path behind it: https://host");
        {
            let mut segments = url.path_segments_mut().map_err(|()| of_no_path())?;
            segments.pop_if_empty();
            for segment in &call.path {
                // These two would be left out of the path, or take away what is before them.
                if segment.is_empty() || [".", ".."].contains(segment) {
                    return Err(Error::config("an id is empty, or is no id"));
                }
                segments.push(segment);
            }
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }
}

impl Repeats {
    fn after(self, kind: ErrorKind) -> bool {
        match kind {
            ErrorKind::RateLimited => true,
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Unreachable => {
                self == Self::WhateverCame
            }
            _ => false,
        }
    }
}

fn header_value(text: &str) -> Result<HeaderValue, Error> {
    // Not the cause: it may say what it stumbled over.
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::config("a credential has characters that no header can hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Without the path of the base URL, which may be a secret, and without what is secret anyway.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("host", &self.base.host_str())
            .finish_non_exhaustive()
    }
}
