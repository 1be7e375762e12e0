//! What a failed verb means for the guard. Texts of the server and of the driver are left behind: they may name keys.

use std::{error::Error, fmt, io, sync::Arc};

use redis::{ErrorKind, RedisError};
use wahook_core::guard::{StoreError, StoreErrorKind};

/// Why Redis did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The connection did not come about, or broke.
    Io(io::ErrorKind),
    /// TLS failed; what rustls says of it names certificates, never secrets.
    Tls(String),
    /// The user or the password is wrong.
    Credentials,
    /// The server answered with this error code, such as `READONLY`.
    Code(String),
    /// It answered something else than what was asked for.
    Answer,
    /// No answer came in time.
    Late,
}

impl Cause {
    pub(crate) fn of(error: &RedisError) -> Self {
        if let Some(code) = code(error) {
            return Self::Code(code.to_owned());
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Credentials,
            ErrorKind::Io => io_error(error).map_or(Self::Io(io::ErrorKind::Other), Self::of_io),
            _ => Self::Answer,
        }
    }

    /// A certificate that the server does not like shows only when its first answer is read.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        tls.map_or_else(|| Self::Io(error.kind()), |error| Self::Tls(error.to_string()))
    }

    /// What the guard is told.
    pub(crate) fn store_error(self) -> StoreError {
        let kind = match &self {
            Self::Code(code) if code == "OOM" => StoreErrorKind::Full,
            Self::Late => StoreErrorKind::Slow,
            _ => StoreErrorKind::Unavailable,
        };
        StoreError::with_source(kind, self)
    }

    /// Whether another connection is needed: this one broke, or leads to a server that cannot do it any more.
    pub(crate) fn wants_another_connection(&self) -> bool {
        match self {
            Self::Io(_) | Self::Tls(_) | Self::Answer => true,
            // A primary that became a replica: a name may lead to the new primary by now. NOAUTH: it was set anew.
            Self::Code(code) => code == "READONLY" || code == "NOAUTH",
            Self::Credentials | Self::Late => false,
        }
    }
}

fn io_error(error: &RedisError) -> Option<&io::Error> {
    let source = error.source()?;
    // The driver shares it, and shows the share.
    let shared = source.downcast_ref::<Arc<dyn Error + Send + Sync>>();
    shared.map_or_else(|| source.downcast_ref(), |shared| shared.downcast_ref())
}

/// The code of an error that the server gave. What stopped a script may stand inside of another error.
fn code(error: &RedisError) -> Option<&str> {
    let code = error.code()?;
    let inner = (code == "ERR")
        .then(|| error.detail().and_then(inner_code))
        .flatten();
    let code = inner.unwrap_or(code);
    is_code(code).then_some(code)
}

fn inner_code(detail: &str) -> Option<&str> {
    // What a user may not do inside of a script has no code.
    if detail.contains("The user executing the script can't ") {
        return Some("NOPERM");
    }
    let (_, inner) = detail.rsplit_once(": -")?;
    let code = inner.split_whitespace().next()?;
    is_code(code).then_some(code)
}

/// Nothing but a code is repeated to anybody.
fn is_code(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(kind) => write!(f, "{kind}"),
            Self::Tls(text) => write!(f, "TLS: {text}"),
            Self::Credentials => f.write_str("Redis refuses the user or the password"),
            Self::Code(code) => write!(f, "Redis answers {code}"),
            Self::Answer => f.write_str("the answer is not one that Redis gives"),
            Self::Late => f.write_str("no answer came in time"),
        }
    }
}

impl Error for Cause {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(answer: &str) -> Cause {
        let value = redis::parse_redis_value(answer.as_bytes()).expect("an answer");
        Cause::of(&value.extract_error().expect_err("an error"))
    }

    #[test]
    fn g8_a_server_without_room_is_full_whatever_its_age() {
        for answer in [
            "-OOM command not allowed when used memory > 'maxmemory'. script: f00, on @user_script:23.\r\n",
            "-ERR Error running script (call to f_00): @user_script:23: -OOM command not allowed when used\r\n",
        ] {
            assert_eq!(
                cause(answer).store_error().kind(),
                StoreErrorKind::Full,
                "{answer}"
            );
        }
    }

    #[test]
    fn g8_a_server_that_refuses_is_unavailable() {
        for code in [
            "READONLY",
            "LOADING",
            "MASTERDOWN",
            "MISCONF",
            "NOAUTH",
            "NOPERM",
            "MOVED",
            "BUSY",
        ] {
            let cause = cause(&format!("-{code} secret words\r\n"));
            assert_eq!(cause.to_string(), format!("Redis answers {code}"));
            assert_eq!(cause.store_error().kind(), StoreErrorKind::Unavailable);
        }
    }

    #[test]
    fn g8_what_broke_a_connection_is_told() {
        let error = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Cause::of(&error), Cause::Io(io::ErrorKind::ConnectionRefused));
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let error = RedisError::from(io::Error::new(io::ErrorKind::InvalidData, alert));
        assert!(matches!(Cause::of(&error), Cause::Tls(_)));
    }

    #[test]
    fn p2_a_right_that_is_missing_inside_of_a_script_is_one_that_is_missing() {
        let answer = "-ERR The user executing the script can't run this command or subcommand script: f00, on @user_script:7.\r\n";
        assert_eq!(cause(answer), Cause::Code("NOPERM".to_owned()));
    }

    #[test]
    fn p1_nothing_but_the_code_is_repeated() {
        assert_eq!(
            cause("-ERR no such thing as d:shop:4915112345678\r\n").to_string(),
            "Redis answers ERR"
        );
        assert_eq!(
            cause("-ERR at d:shop: -id4915112345678 x\r\n").to_string(),
            "Redis answers ERR"
        );
        assert_eq!(cause("-d:shop:4915112345678\r\n"), Cause::Answer);
    }
}
