//! The spellings of a message id.

/// A message id, split: `{true|false}_{chat}_{id}[_{participant}]`, `{chat}_{id}`, or the bare id alone.
///
/// One message may come with `@lid` and with `@c.us` in its chat, so only the bare id is compared (WAHA issues 1627 and
/// 1816, 2026-07).
///
/// ```
/// use wahook_providers::wawp::MessageId;
///
/// let id = MessageId::parse("true_120363000000000001@g.us_3EB0AA_15550000001@c.us");
/// assert_eq!((id.from_me, id.chat, id.bare), (Some(true), Some("120363000000000001@g.us"), "3EB0AA"));
/// assert_eq!(id.participant, Some("15550000001@c.us"));
/// assert_eq!(MessageId::parse("msg_abc123").bare, "msg_abc123");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageId<'a> {
    /// Whether the account wrote it, if the id tells.
    pub from_me: Option<bool>,
    /// Where it was said, if the id tells; need not equal `from`.
    pub chat: Option<&'a str>,
    /// WhatsApp's own id of it.
    pub bare: &'a str,
    /// Who wrote it, if the id tells.
    pub participant: Option<&'a str>,
}

impl<'a> MessageId<'a> {
    /// Splits an id; what has another form is bare as a whole.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let bare = Self {
            from_me: None,
            chat: None,
            bare: text,
            participant: None,
        };
        let Some((first, rest)) = text.split_once('_') else {
            return bare;
        };
        let from_me = match first {
            "true" => true,
            "false" => false,
            _ if first.contains('@') => return Self::tail(None, Some(first), rest).unwrap_or(bare),
            _ => return bare,
        };
        match rest.split_once('_') {
            Some((chat, rest)) => Self::tail(Some(from_me), Some(chat), rest),
            // An address alone is no id.
            None if rest.contains('@') => None,
            None => Self::tail(Some(from_me), None, rest),
        }
        .unwrap_or(bare)
    }

    fn tail(from_me: Option<bool>, chat: Option<&'a str>, rest: &'a str) -> Option<Self> {
        let (bare, participant) = rest
            .split_once('_')
            .map_or((rest, None), |(bare, participant)| (bare, Some(participant)));
        let chat = chat.filter(|chat| !chat.is_empty());
        let participant = participant.filter(|participant| !participant.is_empty());
        (!bare.is_empty()).then_some(Self {
            from_me,
            chat,
            bare,
            participant,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_every_spelling_has_the_same_bare_id() {
        for text in [
            "3EB0AA",
            "true_15550000001@c.us_3EB0AA",
            "false_100000000000001@lid_3EB0AA",
            "15550000001@c.us_3EB0AA",
            "true_120363000000000001@g.us_3EB0AA",
            "false_120363000000000001@g.us_3EB0AA_15550000001@c.us",
            "false_status@broadcast_3EB0AA_100000000000001@lid",
            "true_me_3EB0AA",
            "true_3EB0AA",
        ] {
            assert_eq!(MessageId::parse(text).bare, "3EB0AA", "{text}");
        }
    }

    #[test]
    fn what_is_no_id_stays_whole() {
        for text in [
            "",
            "_",
            "true",
            "true_",
            "false_1@c.us",
            "true_1@c.us_",
            "msg_abc_1",
            "1@c.us_",
        ] {
            let id = MessageId::parse(text);
            assert_eq!((id.bare, id.from_me), (text, None), "{text}");
        }
    }
}
