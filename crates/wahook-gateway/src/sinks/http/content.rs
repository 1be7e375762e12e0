//! What a request brings, and how it is signed.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::CONTENT_TYPE};
use jiff::Timestamp;
use wahook_core::{
    Endpoint,
    model::Event,
    proof::StandardSigner,
    sink::{MessageForm, SinkError, SinkErrorKind, header_identity, header_value},
};

use super::super::Alone;

/// What a request brings.
pub(super) enum Content {
    /// The event, signed as Standard Webhooks has it.
    Event(MessageForm, Option<StandardSigner>),
    /// What the provider sent, but for other items, signed as the provider signs: by an endpoint of whoever gets it.
    AsSent(Alone, Endpoint),
}

impl Content {
    /// Headers and body.
    pub(super) async fn of(&self, event: &Event, now: Timestamp) -> Result<(HeaderMap, Bytes), SinkError> {
        match self {
            Self::Event(form, signer) => written(*form, signer.as_ref(), event, now),
            Self::AsSent(alone, endpoint) => {
                let body = alone.body(event).await?;
                let headers = signed(endpoint, &body, event, now)?;
                Ok((headers, body))
            }
        }
    }
}

fn written(
    form: MessageForm,
    signer: Option<&StandardSigner>,
    event: &Event,
    now: Timestamp,
) -> Result<(HeaderMap, Bytes), SinkError> {
    let message = form.message(event)?;
    let body = Bytes::from(message.body);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(message.content_type));
    for (name, value) in &message.attributes {
        let name = HeaderName::try_from(format!("ce-{name}")).map_err(|_| unwritable())?;
        let value = HeaderValue::from_str(&header_value(value)).map_err(|_| unwritable())?;
        headers.insert(name, value);
    }
    if let Some(signer) = signer {
        let signed = signer.sign(&header_identity(event), now, &body);
        headers.extend(signed.map_err(|_| unwritable())?);
    }
    Ok((headers, body))
}

fn signed(endpoint: &Endpoint, body: &[u8], event: &Event, now: Timestamp) -> Result<HeaderMap, SinkError> {
    let id = header_identity(event);
    // Of no scheme that is used here is the URL a part of what is signed.
    let signed = endpoint.verifier().sign(body, &id, now, &Uri::default());
    let signed = signed.map_err(|_| SinkError::new(SinkErrorKind::Refused, "the secret cannot sign"))?;
    let mut headers: HeaderMap = signed.headers.into_iter().collect();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

fn unwritable() -> SinkError {
    let text = "the event has an identity that no header can hold";
    SinkError::new(SinkErrorKind::Refused, text)
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(form, signer) => f.debug_tuple("Event").field(form).field(signer).finish(),
            Self::AsSent(..) => f.write_str("AsSent"),
        }
    }
}
