//! A step at a time through JSON that was read before.

/// How far it is gone through.
pub(super) struct Cursor<'a> {
    json: &'a str,
    at: usize,
}

/// A text as it is written, with its quotation marks.
pub(super) enum Written<'a> {
    /// It says what is written there.
    Plain(&'a str),
    /// There are escapes in it.
    Escaped(&'a str),
}

/// Without its quotation marks.
pub(super) fn bare(written: &str) -> &str {
    let begun = written.strip_prefix('"').unwrap_or(written);
    begun.strip_suffix('"').unwrap_or(begun)
}

impl<'a> Cursor<'a> {
    pub(super) const fn of(json: &'a str) -> Self {
        Self { json, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.json.get(self.at..).unwrap_or_default()
    }

    /// How far, in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// What comes next that is no white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let next = self.json.as_bytes().get(self.at).copied();
            if !matches!(next, Some(b' ' | b'\n' | b'\r' | b'\t')) {
                return next;
            }
            self.at += 1;
        }
    }

    /// Goes on if this comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// A text or a name.
    pub(super) fn string(&mut self) -> Written<'a> {
        let bytes = self.rest().as_bytes();
        let (mut end, mut is_escaped) = (1, false);
        loop {
            match bytes.get(end) {
                Some(b'"') | None => break,
                Some(b'\\') => {
                    is_escaped = true;
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
        let start = self.at;
        self.at += end + 1;
        let text = self.json.get(start..self.at).unwrap_or_default();
        if is_escaped {
            Written::Escaped(text)
        } else {
            Written::Plain(text)
        }
    }

    /// A value as it is written, passed over.
    pub(super) fn pass(&mut self) -> &'a str {
        let next = self.peek();
        let start = self.at;
        match next {
            Some(b'"') => {
                self.string();
            }
            Some(b'{' | b'[') => self.pass_nested(),
            _ => {
                let rest = self.rest().bytes();
                let is_end = |byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
                self.at += rest.take_while(|byte| !is_end(*byte)).count();
            }
        }
        self.json.get(start..self.at).unwrap_or_default()
    }

    /// However deep: without a level more of the stack.
    fn pass_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(next) = self.peek() {
            match next {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
    }
}
