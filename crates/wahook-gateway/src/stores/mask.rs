//! What may be shown of a store's address.

use crate::config::MASK;

/// The address with stars in place of user, password, and whatever is not known to be harmless.
pub(crate) fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // A path; `memory`; `none`. What is neither may be a secret that got into the wrong place.
        let known = matches!(text, "memory" | "none") || text.starts_with("sqlite:");
        return if known { text } else { MASK }.to_owned();
    };
    if !(1..=16).contains(&scheme.len()) || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+') {
        return MASK.to_owned();
    }
    // The last `@`: a password with an `@` in it is no less a password.
    let (user, place) = match rest.rsplit_once('@') {
        Some((_, place)) => (true, place),
        None => (false, rest),
    };
    let (place, query) = match place.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (place, None),
    };
    let mut shown = format!("{scheme}://");
    if user {
        shown.push_str(MASK);
        shown.push('@');
    }
    shown.push_str(if is_place(place) { place } else { MASK });
    for (index, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if HARMLESS.contains(&name) => shown.push_str(pair),
            Some((name, _)) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                shown.push_str(&format!("{name}={MASK}"));
            }
            _ => shown.push_str(MASK),
        }
    }
    shown
}

/// Hosts with ports, and a path: nothing that a broken address may have a password in.
fn is_place(text: &str) -> bool {
    let hosts = text.split('/').next().unwrap_or_default();
    let ports = hosts.split(',').all(|host| {
        let port = match host.strip_prefix('[') {
            Some(six) => six.split_once(']').map_or("?", |(_, port)| port),
            None => host.find(':').map_or("", |at| &host[at..]),
        };
        port.is_empty()
            || port
                .strip_prefix(':')
                .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
    });
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:,-_/[]%".contains(&byte);
    ports && text.bytes().all(plain)
}

/// Parameters that hold no credential. `credentials`, `key` and `sslkey` are paths.
const HARMLESS: &[&str] = &[
    "application_name",
    "ca",
    "cert",
    "connect_timeout",
    "credentials",
    "db",
    "key",
    "max_bytes",
    "pooler",
    "prefix",
    "replicas",
    "schema",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "stream",
    "sync",
    "target_session_attrs",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v4_user_and_password_become_stars_and_the_place_stays() {
        for (text, shown) in [
            ("memory", "memory"),
            ("sqlite:guard.db", "sqlite:guard.db"),
            ("redis://h:6379/0", "redis://h:6379/0"),
            ("redis://u:hunter2@h:6379/0", "redis://********@h:6379/0"),
            (
                "nats://u:hunter2@a:4222,nats://u:hunter2@b:4222?stream=IN&token=hunter2",
                "nats://********@b:4222?stream=IN&token=********",
            ),
            ("redis://:hunter2@[::1]:6379", "redis://********@[::1]:6379"),
            (
                "rediss://u:hunter2@h?ca=/a.pem&key=b.pem",
                "rediss://********@h?ca=/a.pem&key=b.pem",
            ),
            (
                "redis+unix:///run/r.sock?db=2&pass=hunter2",
                "redis+unix:///run/r.sock?db=2&pass=********",
            ),
            (
                "postgres://u:hunter2@a:1,b/d?sslmode=require&password=hunter2",
                "postgres://********@a:1,b/d?sslmode=require&password=********",
            ),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn v4_a_broken_address_shows_nothing_of_a_password() {
        for text in [
            "hunter2",
            "redis:hunter2",
            "redis://:hunter2",
            "redis://u:hunter2",
            "redis://u:hunter2/0",
            "redis://u:hunter2@x@h",
            "redis://u:a@hunter2@h",
            "redis://u:p/hunter2@h",
            "redis://u:p?hunter2@h",
            "redis://u:p#hunter2@h",
            "redis://h#hunter2",
            "redis://h?hunter2",
            "redis://h/0?a b=hunter2",
            "hunter2 x://h",
        ] {
            assert!(!masked(text).contains("hunter2"), "{text}: {}", masked(text));
        }
    }
}
