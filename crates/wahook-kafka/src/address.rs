//! `kafka://user:password@host:9092,host:9092`.

use percent_encoding::percent_decode_str;
use wahook_core::{
    Secret,
    guard::{OpenError, OpenErrorKind},
};

/// Brokers to ask first, and who asks.
#[derive(Debug)]
pub(crate) struct Address {
    /// With commas between, each with its port.
    pub(crate) brokers: String,
    pub(crate) is_tls: bool,
    pub(crate) user: Option<(Secret, Secret)>,
}

/// Where a broker without a port listens.
const PORT: u16 = 9092;

impl Address {
    /// Reads it. The error says nothing of what stands there: it may be a password.
    pub(crate) fn parse(text: &str) -> Result<Self, OpenError> {
        let wrong = || {
            let text = "the address cannot be read: kafka://host:9092 or kafkas://user:password@host:9093, several hosts with \
                        commas; what a URL gives a meaning is written as % and two hex digits in a password";
            OpenError::new(OpenErrorKind::Address, text)
        };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(wrong)?;
        let is_tls = match scheme {
            "kafka" => false,
            "kafkas" => true,
            _ => return Err(wrong()),
        };
        let (user, hosts) = match rest.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, rest),
        };
        let user = user.map(|user| credentials(user).ok_or_else(wrong)).transpose()?;
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts).split(',');
        let brokers: Option<Vec<_>> = hosts.map(broker).collect();
        Ok(Self {
            brokers: brokers.ok_or_else(wrong)?.join(","),
            is_tls,
            user,
        })
    }
}

fn credentials(text: &str) -> Option<(Secret, Secret)> {
    let (user, password) = text.split_once(':')?;
    let plain = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        // A zero byte would be its end.
        let text = (!text.contains('\0')).then_some(text)?;
        Secret::dangerous_published(&*text).ok()
    };
    Some((plain(user)?, plain(password)?))
}

/// A host with its port.
fn broker(text: &str) -> Option<String> {
    let text = text.trim();
    // Behind the brackets of an address such as [::1].
    let after = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text[after..].rsplit_once(':') {
        Some((host, port)) => (&text[..after + host.len()], port.parse().ok()?),
        None => (text, PORT),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .map(|host| host.replace(':', "."));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let shown = inner.as_deref().unwrap_or(host);
    (!shown.is_empty() && shown.bytes().all(plain)).then(|| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_ports_and_credentials_are_decoded() {
        let address = Address::parse("kafkas://app:p%40ss@a,b.example:9093,[::1]:1,[::2]").unwrap();
        assert_eq!(address.brokers, "a:9092,b.example:9093,[::1]:1,[::2]:9092");
        let (user, password) = address.user.unwrap();
        assert_eq!((user.expose(), password.expose()), ("app", "p@ss"));
        assert!(address.is_tls && !Address::parse("kafka://h/").unwrap().is_tls);
    }

    #[test]
    fn v4_what_is_no_address_is_refused_without_a_word_of_it() {
        for text in [
            "",
            "kafka://",
            "hunter2:9092",
            "http://hunter2",
            "kafka://u:hunter2@",
            "kafka://u:hunter2@h:x",
            "kafka://hunter2@h",
            "kafka://u:hunter2@h,",
            "kafka://h/hunter2",
            "kafka://h?hunter2",
            "kafka://u:hunter2%00@h",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }
}
