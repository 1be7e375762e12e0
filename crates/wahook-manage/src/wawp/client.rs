//! The calls.

use reqwest::{Method, header::HeaderName};
use serde_json::{Map, Value};
use wahook_core::Secret;

use super::{BASE_URL, NewWebhook, Webhook, WebhookChange, Webhooks};
use crate::{
    Error, Options,
    call::{Answer, Call, Caller},
};

/// Wawp's management API, for one instance.
#[derive(Debug)]
pub struct Wawp {
    caller: Caller,
    credentials: Credentials,
}

/// How a client proves who it is, and of which instance it speaks.
#[derive(Clone, Debug)]
#[must_use]
pub struct Credentials {
    instance_id: String,
    access_token: Secret,
    token_in_query: bool,
}

const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");
const SESSION_WEBHOOK: [&str; 3] = ["v2", "session", "webhook"];

impl Credentials {
    /// The instance's id, of 12 characters, and the account's token.
    ///
    /// Where a call has a body they travel in it. Documented (Wawp, API: session webhook, 2026-07). To read, the token
    /// travels in the header `access-token`, which Wawp's OpenAPI export has (2026-07) and the page has not.
    pub fn new(instance_id: impl Into<String>, access_token: Secret) -> Self {
        Self {
            instance_id: instance_id.into(),
            access_token,
            token_in_query: false,
        }
    }

    /// To read, has the token in the URL, as the page shows it: for an account where the header is not accepted. URLs end
    /// up in the logs of whoever they pass.
    pub const fn dangerous_token_in_query(mut self) -> Self {
        self.token_in_query = true;
        self
    }
}

impl Wawp {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) for a base URL that cannot be used, or if TLS cannot be set up.
    pub fn new(credentials: Credentials, options: Options) -> Result<Self, Error> {
        let caller = Caller::new(BASE_URL, Vec::new(), options)?.with_secret(&credentials.access_token);
        Ok(Self { caller, credentials })
    }

    /// The webhooks: `GET /v2/session/webhook`. Documented (Wawp, API: session webhook, 2026-07).
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable) for an answer without a list.
    pub async fn webhooks(&self) -> Result<Webhooks, Error> {
        let Credentials {
            instance_id,
            access_token,
            token_in_query,
        } = &self.credentials;
        let mut call = Call::new(Method::GET, &SESSION_WEBHOOK).query("instance_id", instance_id);
        call = if *token_in_query {
            call.query("access_token", access_token.expose())
        } else {
            call.header(ACCESS_TOKEN, access_token)
        };
        let answer = self.asked(call).await?;
        Webhooks::read(answer.json()?).ok_or_else(|| answer.unreadable("the answer has no list of webhooks"))
    }

    /// Writes this list in place of the one that is there: `POST /v2/session/webhook`. What is not in it is gone, whoever
    /// made it; rather [`edit`](Self::edit). Documented (Wawp, API: session webhook, 2026-07).
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn overwrite(&self, webhooks: &[NewWebhook]) -> Result<Webhooks, Error> {
        self.write(webhooks.iter().map(NewWebhook::json).collect()).await
    }

    /// Reads the list, changes it, and writes it back, if it was changed: what `change` leaves alone stays as it is, with
    /// all that was told of it, and Wawp's own webhook, too.
    ///
    /// The calls are documented, that they go together is ours. Between them somebody else's change is lost: Wawp has no
    /// way to say "unless it has changed". Where one webhook is concerned, [`set`](Self::set), [`update`](Self::update)
    /// and [`delete`](Self::delete) do without.
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable), before anything is written, if a part of the list was
    /// not understood: it would be lost.
    pub async fn edit(&self, change: impl FnOnce(&mut Vec<Webhook>)) -> Result<Webhooks, Error> {
        let mut webhooks = self.webhooks().await?;
        if !webhooks.is_whole() {
            let text = "the list of webhooks has a part that is not understood, and would be lost: nothing was written";
            return Err(Error::new(crate::ErrorKind::Unreadable, text));
        }
        let before = webhooks.list();
        change(&mut webhooks.webhooks);
        let list = webhooks.list();
        if list == before {
            return Ok(webhooks);
        }
        self.write(list).await
    }

    /// Makes a webhook, or makes the one with its URL this: `/v2/webhook/set`. Documented (Wawp, API: webhook set,
    /// 2026-07), but for the method: `POST` is inferred.
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn set(&self, webhook: &NewWebhook) -> Result<(), Error> {
        let call = Call::new(Method::POST, &["v2", "webhook", "set"])
            .holds(webhook.hmac.as_ref())
            .names(&webhook.url);
        self.asked(self.with_body(call, webhook.members()))
            .await
            .map(drop)
    }

    /// Changes the webhook with this URL, which may be Wawp's own: `PATCH /v2/webhook/update`. Documented (Wawp, API:
    /// webhook update, 2026-07).
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn update(&self, url: &str, change: &WebhookChange) -> Result<(), Error> {
        let call = Call::new(Method::PATCH, &["v2", "webhook", "update"])
            .holds(change.hmac.as_ref())
            .names(url);
        self.asked(self.with_body(call, change.members(url)))
            .await
            .map(drop)
    }

    /// Deletes the webhook with this URL: `DELETE /v2/webhook/delete`. Documented, the URL in the body or the query (Wawp,
    /// API: webhook delete, 2026-07): here in the body. Wawp's own can only be switched off.
    ///
    /// # Errors
    ///
    /// Of every kind. [`NotFound`](crate::ErrorKind::NotFound) only if it was gone before, or if the instance is.
    pub async fn delete(&self, url: &str) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, &["v2", "webhook", "delete"])
            .gone_is_done()
            .names(url);
        let body = Map::from_iter([("url".to_owned(), url.into())]);
        self.asked(self.with_body(call, body)).await.map(drop)
    }

    async fn write(&self, list: Vec<Value>) -> Result<Webhooks, Error> {
        let urls = list.iter().filter_map(|webhook| webhook.get("url")?.as_str());
        let call = urls.fold(Call::new(Method::POST, &SESSION_WEBHOOK), Call::names);
        let body = Map::from_iter([("webhooks".to_owned(), list.into())]);
        let answer = self.asked(self.with_body(call, body)).await?;
        Webhooks::read(answer.json()?).ok_or_else(|| answer.unreadable("the answer has no list of webhooks"))
    }

    fn with_body<'a>(&self, call: Call<'a>, mut body: Map<String, Value>) -> Call<'a> {
        let Credentials {
            instance_id,
            access_token,
            ..
        } = &self.credentials;
        body.insert("instance_id".to_owned(), instance_id.as_str().into());
        body.insert("access_token".to_owned(), access_token.expose().into());
        call.json(body.into())
    }

    /// Makes a call. An answer 200 that says `"status":"error"` is an error: `"success"` is what is documented.
    async fn asked(&self, call: Call<'_>) -> Result<Answer, Error> {
        let secrets = self.caller.secrets_of(&call);
        let answer = self.caller.call(call).await?;
        let said = answer.json_if_any();
        let said = |name: &str| said.as_ref().and_then(|said| said.get(name));
        let is_error = said("status")
            .and_then(Value::as_str)
            .is_some_and(|word| ["error", "fail", "failed"].contains(&word))
            || said("success") == Some(&Value::Bool(false));
        if is_error {
            return Err(answer.refused(&secrets));
        }
        Ok(answer)
    }
}
