//! Standard Webhooks from the other side: what we send on is signed with secrets of our own.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{
    keyring::Key,
    mac::Mac,
    recipe::{self, SignError},
    standard,
    standard_head::WEBHOOK,
};
use crate::secret::{Secret, SecretError, SecretErrorKind, Secrets};

/// Signs requests as Standard Webhooks has it, with `webhook-*` headers; [`StandardWebhooks`](super::StandardWebhooks)
/// verifies them.
///
/// With several secrets a request has a signature by each, so that receivers change theirs when they want to. `whsec_…`
/// or bare base64 make a `v1` signature, `whsk_…` a `v1a` one.
///
/// ```
/// use jiff::Timestamp;
/// use wahook_core::proof::StandardSigner;
///
/// let signer = StandardSigner::new(&"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".try_into()?)?;
/// let headers = signer.sign("evt_1", "2026-10-03T10:00:00Z".parse::<Timestamp>()?, b"{}")?;
/// assert_eq!(headers.each_ref().map(|(name, _)| name.as_str()), ["webhook-id", "webhook-timestamp", "webhook-signature"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct StandardSigner(Vec<SignKey>);

#[derive(Clone)]
enum SignKey {
    Mac(Mac),
    Ed25519(Box<SigningKey>),
}

impl StandardSigner {
    /// With these secrets, the current one first.
    ///
    /// # Errors
    ///
    /// As [`StandardWebhooks::new`](super::StandardWebhooks::new), where `whpk_` is the key of another kind.
    pub fn new(secrets: &Secrets) -> Result<Self, SecretError> {
        let keys = secrets.as_slice().iter().map(prepare);
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// The headers of a request with this id, sent at this moment, with this body.
    ///
    /// # Errors
    ///
    /// [`SignErrorKind::Value`](super::SignErrorKind::Value) for an id that is not visible ASCII, or has a `.`: receivers
    /// could take a part of it for the time.
    pub fn sign(
        &self,
        id: &str,
        at: Timestamp,
        body: &[u8],
    ) -> Result<[(HeaderName, HeaderValue); 3], SignError> {
        if id.is_empty() || !id.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'.') {
            return Err(SignError::value());
        }
        let seconds = at.as_second();
        let head = format!("{id}.{seconds}.");
        let signatures: Vec<_> = self.0.iter().map(|key| key.sign(&head, body)).collect();
        Ok([
            (WEBHOOK.id.clone(), recipe::value(id)?),
            (WEBHOOK.timestamp.clone(), HeaderValue::from(seconds)),
            (WEBHOOK.signature.clone(), recipe::value(&signatures.join(" "))?),
        ])
    }
}

impl SignKey {
    fn sign(&self, head: &str, body: &[u8]) -> String {
        match self {
            Self::Mac(mac) => {
                let mut mac = mac.clone();
                mac.update(head.as_bytes());
                mac.update(body);
                format!("v1,{}", STANDARD.encode(mac.finish().as_slice()))
            }
            Self::Ed25519(key) => {
                let signature = key.sign(&[head.as_bytes(), body].concat());
                format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
            }
        }
    }
}

fn prepare(secret: &Secret) -> Result<SignKey, SecretError> {
    if let Some(text) = secret.expose().strip_prefix("whsk_") {
        return recipe::signing_key(text).map(|key| SignKey::Ed25519(Box::new(key)));
    }
    match standard::prepare(secret)? {
        Key::Mac(mac) => Ok(SignKey::Mac(mac)),
        _ => Err(SecretError::new(SecretErrorKind::OtherKeyKind)),
    }
}

impl fmt::Debug for StandardSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StandardSigner({} secrets)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::proof::{StandardWebhooks, Verifier};

    const ONE: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn proves(verifying: &str, headers: &[(HeaderName, HeaderValue)], body: &[u8], at: Timestamp) -> bool {
        let scheme = StandardWebhooks::new(verifying.try_into().unwrap()).unwrap();
        let mut request = Request::new(());
        request.headers_mut().extend(headers.iter().cloned());
        let (head, ()) = request.into_parts();
        let pending = Verifier::from(scheme).begin(&head, at);
        pending.is_ok_and(|mut pending| {
            pending.update(body);
            pending.finish(&body.to_vec().into()).is_ok()
        })
    }

    #[test]
    fn v5_each_secret_verifies_alone() {
        let secrets = Secrets::try_from(vec![ONE.to_owned(), TWO.to_owned()]).unwrap();
        let signer = StandardSigner::new(&secrets).unwrap();
        let at: Timestamp = "2026-10-03T10:00:00.9Z".parse().unwrap();
        let headers = signer.sign("v1:wawp:A1:message:X#r7", at, b"{}").unwrap();
        for secret in [ONE, TWO] {
            assert!(proves(secret, &headers, b"{}", at));
            assert!(!proves(secret, &headers, b"{ }", at));
        }
        let other = "whsec_AgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        assert!(!proves(other, &headers, b"{}", at));
    }

    #[test]
    fn v1_a_private_key_signs_what_its_public_key_verifies() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let private = format!("whsk_{}", STANDARD.encode([7; 32]));
        let public = format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()));
        let signer = StandardSigner::new(&private.as_str().try_into().unwrap()).unwrap();
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let headers = signer.sign("evt_1", at, b"body").unwrap();
        assert!(proves(&public, &headers, b"body", at));
        assert!(!proves(&public, &headers, b"other", at));
        let refused = StandardSigner::new(&public.as_str().try_into().unwrap()).unwrap_err();
        assert_eq!(refused.kind(), SecretErrorKind::OtherKeyKind);
    }

    #[test]
    fn v1_an_id_that_could_be_read_in_two_ways_is_not_signed() {
        let signer = StandardSigner::new(&ONE.try_into().unwrap()).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        for id in ["", "a.b", "a b", "a\n", "é"] {
            assert!(signer.sign(id, at, b"").is_err(), "{id:?}");
        }
        assert_eq!(format!("{signer:?}"), "StandardSigner(1 secrets)");
    }
}
