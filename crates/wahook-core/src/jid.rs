//! WhatsApp addresses (N5): an address is a type, and a hidden id never becomes a phone number.

use std::fmt;

use arrayvec::ArrayString;

use crate::json::Text;

/// A WhatsApp address such as `15550001@c.us`, split into its parts.
///
/// The device part is split off, `s.whatsapp.net` and `c.us` are the same server, and an unknown server is kept
/// (WAHA documentation on addresses, as listed with the Wawp pages, 2026-07).
///
/// ```
/// use wahook_core::{Jid, JidKind};
///
/// let person = Jid::parse("15550000001:42@s.whatsapp.net").unwrap();
/// assert_eq!(person.to_string(), "15550000001@c.us");
/// assert_eq!(person.phone().as_deref(), Some("+15550000001"));
///
/// let hidden = Jid::parse("100000000000001@lid").unwrap();
/// assert_eq!(hidden.kind(), JidKind::Lid);
/// assert_eq!(hidden.phone(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jid {
    user: Text,
    server: Text,
    device: Option<u16>,
}

/// What an address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JidKind {
    /// A broadcast list.
    Broadcast,
    /// A group.
    Group,
    /// A person behind a hidden id.
    Lid,
    /// A channel.
    Newsletter,
    /// The stories.
    Status,
    /// A server that this release does not know.
    Unknown,
    /// A person, by phone number.
    User,
}

impl Jid {
    /// Splits an address; `None` if it is no `user@server`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // A bare number is the usual text that is no address.
        let at = text.bytes().rposition(|byte| byte == b'@')?;
        let (user, server) = (text.get(..at)?, text.get(at + 1..)?);
        if user.is_empty() || server.is_empty() || text.len() > MAX_BYTES {
            return None;
        }
        let server = if server == "s.whatsapp.net" {
            "c.us"
        } else {
            server
        };
        // Of two colons none is known to be before a device, and what is shown must read back as it is.
        let device = user.split_once(':').and_then(|(user, device)| {
            let device = device.parse::<u16>().ok().filter(|_| is_digits(device))?;
            (!user.is_empty()).then_some((user, device))
        });
        let (user, device) = device.map_or((user, None), |(user, device)| (user, Some(device)));
        // An agent part, `user.1@…`, is a device as well.
        let user = match user.split_once('.') {
            Some((digits, agent)) if server == "c.us" && is_digits(digits) && is_digits(agent) => digits,
            _ => user,
        };
        Some(Self {
            user: user.into(),
            server: server.into(),
            device,
        })
    }

    /// The part before the `@`, without a device.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The part after the `@`; `c.us` for `s.whatsapp.net`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The device number that was split off.
    #[must_use]
    pub const fn device(&self) -> Option<u16> {
        self.device
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(&self) -> JidKind {
        match self.server.as_str() {
            "c.us" => JidKind::User,
            "lid" => JidKind::Lid,
            "g.us" => JidKind::Group,
            "newsletter" => JidKind::Newsletter,
            "broadcast" if self.user == "status" => JidKind::Status,
            "broadcast" => JidKind::Broadcast,
            _ => JidKind::Unknown,
        }
    }

    /// The whole address, as it is displayed.
    #[must_use]
    pub fn to_text(&self) -> Text {
        Text::concat(&[&self.user, "@", &self.server])
    }

    /// The phone number with `+`, only where the address is one.
    #[must_use]
    pub fn phone(&self) -> Option<Text> {
        if self.kind() == JidKind::User {
            phone(&self.user)
        } else {
            None
        }
    }
}

impl fmt::Display for Jid {
    /// Without the device, with `c.us` for persons: two spellings of one address give one text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.server)
    }
}

/// E.164 with `+`, from digits with or without it; `None` for anything else, and for `0`, which is WhatsApp itself.
#[must_use]
pub fn phone(text: &str) -> Option<Text> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plausible = (5..=15).contains(&digits.len()) && is_digits(digits) && !digits.starts_with('0');
    if !plausible {
        return None;
    }
    let mut phone = ArrayString::<16>::new_const();
    phone.try_push('+').ok()?;
    phone.try_push_str(digits).ok()?;
    Some(phone.as_str().into())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Longer than any address seen; what is longer is not an address.
const MAX_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n5_addresses_are_told_apart() {
        for (text, shown, kind, number) in [
            ("15550001@c.us", "15550001@c.us", JidKind::User, Some("+15550001")),
            (
                "15550001@s.whatsapp.net",
                "15550001@c.us",
                JidKind::User,
                Some("+15550001"),
            ),
            (
                "15550001:7@c.us",
                "15550001@c.us",
                JidKind::User,
                Some("+15550001"),
            ),
            (
                "15550001.0:7@s.whatsapp.net",
                "15550001@c.us",
                JidKind::User,
                Some("+15550001"),
            ),
            ("155500010001:7@lid", "155500010001@lid", JidKind::Lid, None),
            (
                "120363000000000001@g.us",
                "120363000000000001@g.us",
                JidKind::Group,
                None,
            ),
            (
                "15550001-1600000000@g.us",
                "15550001-1600000000@g.us",
                JidKind::Group,
                None,
            ),
            ("1@newsletter", "1@newsletter", JidKind::Newsletter, None),
            ("status@broadcast", "status@broadcast", JidKind::Status, None),
            ("155@broadcast", "155@broadcast", JidKind::Broadcast, None),
            ("0@c.us", "0@c.us", JidKind::User, None),
            (
                "13135550002@meta.ai",
                "13135550002@meta.ai",
                JidKind::Unknown,
                None,
            ),
        ] {
            let jid = Jid::parse(text).unwrap();
            assert_eq!(
                (jid.to_string().as_str(), jid.kind(), jid.phone().as_deref()),
                (shown, kind, number),
                "{text}"
            );
        }
        for text in ["me", "", "@", "a@", "@c.us"] {
            assert_eq!(Jid::parse(text), None, "{text}");
        }
    }

    /// Found by fuzzing: it was shown as `1551001:0001@lid`, which was read as another address.
    #[test]
    fn n5_what_is_shown_of_an_address_is_read_as_the_same() {
        for text in [
            "1551001:0001:7@lid",
            "1551001:+7@lid",
            "15550001:7@c.us",
            "15550001.0:7@c.us",
        ] {
            let jid = Jid::parse(text).unwrap();
            let shown = jid.to_string();
            assert_eq!(Jid::parse(&shown).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Jid::parse("1551001:0001:7@lid").unwrap().user(), "1551001:0001:7");
    }
}
