//! HTTP/2 as an attacker writes it: frames that no client library would send.

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frames, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// The preface, and settings that change nothing.
    #[must_use]
    pub fn opening() -> Self {
        Self(PREFACE.to_vec()).frame(SETTINGS, 0, 0, &[])
    }

    /// The head of a POST that has no end yet.
    #[must_use]
    pub fn post(self, stream: u32, path: &str) -> Self {
        self.frame(HEADERS, END_HEADERS, stream, &block(path))
    }

    /// The beginning of a head of which more is to come.
    #[must_use]
    pub fn post_begun(self, stream: u32, path: &str) -> Self {
        self.frame(HEADERS, 0, stream, &block(path))
    }

    /// A little more of a head, and not the last of it.
    #[must_use]
    pub fn continuation(self, stream: u32, name: &str, value: &str) -> Self {
        let mut block = vec![0];
        text(&mut block, name);
        text(&mut block, value);
        self.frame(CONTINUATION, 0, stream, &block)
    }

    /// The sender changed its mind.
    #[must_use]
    pub fn reset(self, stream: u32) -> Self {
        self.frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
    }

    /// A question that has to be answered.
    #[must_use]
    pub fn ping(self) -> Self {
        self.frame(PING, 0, 0, &[0; 8])
    }

    /// Settings that have to be acknowledged.
    #[must_use]
    pub fn settings(self) -> Self {
        self.frame(SETTINGS, 0, 0, &[])
    }

    /// All of them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn frame(mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.0.extend_from_slice(&length[1..]);
        self.0.extend_from_slice(&[kind, flags]);
        self.0.extend_from_slice(&stream.to_be_bytes());
        self.0.extend_from_slice(payload);
        self
    }
}

/// Whether a server said goodbye in what it sent, and why: 11 is "enhance your calm".
#[must_use]
pub fn goodbye(mut said: &[u8]) -> Option<u32> {
    while let Some((head, rest)) = said.split_at_checked(9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, rest) = rest.split_at_checked(length)?;
        if head[3] == GOAWAY {
            let code = payload.get(4..8)?;
            return Some(u32::from_be_bytes(code.try_into().ok()?));
        }
        said = rest;
    }
    None
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// A head in HPACK without tables and without Huffman codes (RFC 7541, 6.2.2).
fn block(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x04]; // POST, http, a path of our own
    text(&mut block, path);
    block.push(0x01); // an authority of our own
    text(&mut block, "localhost");
    block
}

fn text(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap_or(0));
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128).unwrap_or(0) | 128);
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap_or(0));
    }
    block.extend_from_slice(text.as_bytes());
}
