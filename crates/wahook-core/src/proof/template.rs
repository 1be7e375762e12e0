//! What an HMAC is taken over, where it is more than the body.

use std::{fmt, ops::ControlFlow};

use sha2::{Digest as _, Sha256};

/// What is signed: literals and `{timestamp}`, `{id}`, `{url}`, `{body}`, `{sha256(body)}` (lower-case hex) and
/// `{sha256_raw(body)}` (its 32 bytes).
///
/// ```
/// use wahook_core::proof::{Template, TemplateErrorKind};
///
/// let template = Template::parse("v0:{timestamp}:{body}")?;
/// assert_eq!(template.to_string(), "v0:{timestamp}:{body}");
/// assert_eq!(Template::parse("{timestamp}").unwrap_err().kind(), TemplateErrorKind::NoBody);
/// # Ok::<(), wahook_core::proof::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Timestamp,
    Id,
    Url,
    Body,
    BodySha256,
    BodySha256Raw,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// [`TemplateErrorKind::Syntax`], [`TemplateErrorKind::Ambiguous`] and [`TemplateErrorKind::NoBody`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let syntax = || TemplateError::new(TemplateErrorKind::Syntax);
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, after) = rest
                .split_once('{')
                .map_or((rest, None), |(l, after)| (l, Some(after)));
            if literal.contains('}') {
                return Err(syntax());
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let Some(after) = after else { break };
            let (name, after) = after.split_once('}').ok_or_else(syntax)?;
            pieces.push(match name {
                "timestamp" => Piece::Timestamp,
                "id" => Piece::Id,
                "url" => Piece::Url,
                "body" => Piece::Body,
                "sha256(body)" => Piece::BodySha256,
                "sha256_raw(body)" => Piece::BodySha256Raw,
                _ => return Err(syntax()),
            });
            rest = after;
        }
        if is_ambiguous(&pieces) {
            return Err(TemplateError::new(TemplateErrorKind::Ambiguous));
        }
        let template = Self { pieces };
        if template.pieces.iter().any(Piece::is_of_body) {
            Ok(template)
        } else {
            Err(TemplateError::new(TemplateErrorKind::NoBody))
        }
    }

    /// `{body}`.
    pub(super) fn body() -> Self {
        Self {
            pieces: vec![Piece::Body],
        }
    }

    /// `{timestamp}.{body}`.
    pub(super) fn timestamp_and_body() -> Self {
        Self {
            pieces: vec![Piece::Timestamp, Piece::Literal(".".to_owned()), Piece::Body],
        }
    }

    fn has(&self, piece: &Piece) -> bool {
        self.pieces.contains(piece)
    }

    pub(super) fn has_timestamp(&self) -> bool {
        self.has(&Piece::Timestamp)
    }

    pub(super) fn has_id(&self) -> bool {
        self.has(&Piece::Id)
    }

    pub(super) fn has_url(&self) -> bool {
        self.has(&Piece::Url)
    }

    /// Whether it is clear where the id as sent begins and ends: could it swallow what the template puts after it, or a
    /// piece of the body before it, the same bytes would say something else.
    pub(super) fn id_is_clear(&self, id: &str) -> bool {
        let after = self.pieces.windows(2).all(|pair| match pair {
            [Piece::Id, Piece::Literal(literal)] => !id.contains(literal.as_str()),
            _ => true,
        });
        let before = self.pieces.windows(3).all(|three| match three {
            [Piece::Body, Piece::Literal(literal), Piece::Id] => !id.contains(literal.as_str()),
            _ => true,
        });
        after && before
    }

    /// Whether the MAC can run while frames arrive: the body stands in it once, as it is.
    pub(super) fn streams(&self) -> bool {
        let of_body = self.pieces.iter().filter(|piece| piece.is_of_body());
        of_body.count() == 1 && self.has(&Piece::Body)
    }

    /// Gives out what stands before the body of a template that streams.
    pub(super) fn before(&self, values: Values<'_>, feed: &mut dyn FnMut(&[u8])) {
        let _ = self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Body => ControlFlow::Break(()),
            piece => {
                piece.feed(values, &[], feed);
                ControlFlow::Continue(())
            }
        });
    }

    /// Gives out what stands after it.
    pub(super) fn after(&self, values: Values<'_>, feed: &mut dyn FnMut(&[u8])) {
        let after = self
            .pieces
            .iter()
            .skip_while(|piece| **piece != Piece::Body)
            .skip(1);
        after.for_each(|piece| piece.feed(values, &[], feed));
    }

    /// Gives out all of it.
    pub(super) fn whole(&self, values: Values<'_>, body: &[u8], feed: &mut dyn FnMut(&[u8])) {
        self.pieces
            .iter()
            .for_each(|piece| piece.feed(values, body, feed));
    }
}

/// Whether bytes of one value could be another's under the same signature.
fn is_ambiguous(pieces: &[Piece]) -> bool {
    let sent = |piece: &Piece| matches!(piece, Piece::Timestamp | Piece::Id | Piece::Body);
    let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let ends_with_digit = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
    let side_by_side = pieces.windows(2).any(|pair| match pair {
        [Piece::Timestamp, Piece::Literal(literal)] => begins_with_digit(literal),
        pair => pair.iter().all(sent),
    });
    // What stands at the beginning is always the same.
    let swallowed = pieces.windows(3).any(|three| match three {
        [_, Piece::Literal(literal), Piece::Timestamp] => ends_with_digit(literal),
        // An id may be any text, and so may a body: either can have the URL in it.
        [Piece::Id, Piece::Url, Piece::Body] | [Piece::Body, Piece::Url, Piece::Id] => true,
        _ => false,
    });
    side_by_side || swallowed
}

/// What stands for the placeholders.
#[derive(Clone, Copy, Default)]
pub(super) struct Values<'a> {
    pub(super) timestamp: &'a str,
    pub(super) id: &'a str,
    pub(super) url: &'a str,
}

impl Piece {
    const fn is_of_body(&self) -> bool {
        matches!(self, Self::Body | Self::BodySha256 | Self::BodySha256Raw)
    }

    fn feed(&self, values: Values<'_>, body: &[u8], feed: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Literal(text) => feed(text.as_bytes()),
            Self::Timestamp => feed(values.timestamp.as_bytes()),
            Self::Id => feed(values.id.as_bytes()),
            Self::Url => feed(values.url.as_bytes()),
            Self::Body => feed(body),
            Self::BodySha256 => feed(const_hex::encode(Sha256::digest(body)).as_bytes()),
            Self::BodySha256Raw => feed(&Sha256::digest(body)),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| {
            f.write_str(match piece {
                Piece::Literal(text) => text,
                Piece::Timestamp => "{timestamp}",
                Piece::Id => "{id}",
                Piece::Url => "{url}",
                Piece::Body => "{body}",
                Piece::BodySha256 => "{sha256(body)}",
                Piece::BodySha256Raw => "{sha256_raw(body)}",
            })
        })
    }
}

/// A template, or an option about one, that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    kind: TemplateErrorKind,
}

impl TemplateError {
    pub(super) const fn new(kind: TemplateErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> TemplateErrorKind {
        self.kind
    }
}

/// What is wrong with a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// Two values of the request stand side by side, or a digit beside the time: bytes could move from one to the other under
    /// one signature.
    Ambiguous,
    /// An unknown placeholder or an unpaired brace.
    Syntax,
    /// Nothing of the body is signed.
    NoBody,
    /// `{id}` without a header that holds it.
    NoId,
    /// `{timestamp}` without a place that holds it.
    NoTimestamp,
    /// `{url}` without the URL that the provider was told.
    NoUrl,
    /// A window although the timestamp is not signed (V7).
    ToleranceUnsigned,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TemplateErrorKind::Ambiguous => {
                "the template needs a literal between {timestamp}, {id} and {body}, more than {url} between {id} and {body}, and no digit beside {timestamp}, so that no byte can move between them"
            }
            TemplateErrorKind::Syntax => {
                "a template has literals, {timestamp}, {id}, {url}, {body}, {sha256(body)} and {sha256_raw(body)}, and no other braces"
            }
            TemplateErrorKind::NoBody => "the template signs nothing of the body",
            TemplateErrorKind::NoId => "the template has {id}, but no header was named that holds it",
            TemplateErrorKind::NoTimestamp => "the template has {timestamp}, but no header was named that holds it",
            TemplateErrorKind::NoUrl => "the template has {url}, but the URL was not given",
            TemplateErrorKind::ToleranceUnsigned => {
                "a tolerance protects nothing where the timestamp is not signed; the guard is the replay protection there"
            }
        })
    }
}

impl std::error::Error for TemplateError {}
