//! What a message of the log looks like: a mark, a version, verbs as JSON, and bytes as they are.
//!
//! ```text
//! "wahook" · version · 0 · length of the JSON · JSON {id, blobs: [length, …], ops} · blobs
//! "wahook" · version · 1 · JSON [sequence, …]     the same, cut into the messages of these sequences
//! ```

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::ledger::{VERSION, op::Op, records::Print};

const MARK: &[u8] = b"wahook";
const WHOLE: u8 = 0;
const CUT: u8 = 1;

/// Verbs that are carried out together.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Random: whoever wrote it knows it again.
    pub(super) id: Print,
    pub(super) ops: Vec<Op>,
    pub(super) blobs: Vec<Bytes>,
}

#[derive(Serialize, Deserialize)]
struct Front<Ops> {
    id: Print,
    blobs: Vec<u32>,
    ops: Ops,
}

/// A message of the log, as far as it tells by itself.
#[derive(Debug)]
pub(super) enum Message {
    Whole(Record),
    /// It is in these messages.
    Cut(Vec<u64>),
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is none of ours.
    Foreign,
    /// A later release wrote it.
    Later(u8),
    /// It has our mark, and is not whole.
    Damaged,
}

fn marked(kind: u8, size: usize) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(MARK.len() + 6 + size);
    bytes.put_slice(MARK);
    bytes.put_u8(VERSION);
    bytes.put_u8(kind);
    bytes
}

/// What stands behind mark and version.
fn unmarked(mut bytes: Bytes) -> Result<(u8, Bytes), Unreadable> {
    let Some([version, kind]) = bytes
        .strip_prefix(MARK)
        .and_then(|rest| rest.first_chunk().copied())
    else {
        return Err(Unreadable::Foreign);
    };
    if version > VERSION {
        return Err(Unreadable::Later(version));
    }
    Ok((kind, bytes.split_off(MARK.len() + 2)))
}

impl Record {
    /// The first of an inbox: its key. Of two that write it the earlier counts. `None` if there is no randomness.
    pub(super) fn first() -> Option<Self> {
        let (mut id, mut hash_key) = ([0; 16], [0; 16]);
        getrandom::fill(&mut id).ok()?;
        getrandom::fill(&mut hash_key).ok()?;
        Some(Self {
            id: Print::of(u128::from_be_bytes(id)),
            ops: vec![Op::Open { hash_key }],
            blobs: Vec::new(),
        })
    }

    pub(super) fn to_bytes(&self) -> serde_json::Result<Bytes> {
        let front = Front {
            id: self.id,
            blobs: self
                .blobs
                .iter()
                .map(|blob| u32::try_from(blob.len()).unwrap_or(u32::MAX))
                .collect(),
            ops: &self.ops,
        };
        let front = serde_json::to_vec(&front)?;
        let size = self.blobs.iter().map(Bytes::len).sum::<usize>();
        let mut bytes = marked(WHOLE, front.len() + size);
        bytes.put_u32(u32::try_from(front.len()).unwrap_or(u32::MAX));
        bytes.put_slice(&front);
        for blob in &self.blobs {
            bytes.put_slice(blob);
        }
        Ok(bytes.freeze())
    }
}

/// A message that says where its pieces are.
pub(super) fn cut(parts: &[u64]) -> serde_json::Result<Bytes> {
    json(CUT, &parts)
}

/// The pieces of a message, if it is cut.
pub(super) fn parts(bytes: &Bytes) -> Option<Vec<u64>> {
    let is_cut = bytes.get(MARK.len() + 1) == Some(&CUT);
    match is_cut.then(|| read(bytes.clone())) {
        Some(Ok(Message::Cut(parts))) => Some(parts),
        _ => None,
    }
}

/// Anything that is JSON, marked.
pub(super) fn json<T: Serialize>(kind: u8, value: &T) -> serde_json::Result<Bytes> {
    let text = serde_json::to_vec(value)?;
    let mut bytes = marked(kind, text.len());
    bytes.put_slice(&text);
    Ok(bytes.freeze())
}

/// The reverse of [`json`].
pub(super) fn read_json<T: for<'de> Deserialize<'de>>(bytes: Bytes) -> Result<T, Unreadable> {
    let (_, text) = unmarked(bytes)?;
    serde_json::from_slice(&text).map_err(|_| Unreadable::Damaged)
}

/// Reads a message of the log.
pub(super) fn read(bytes: Bytes) -> Result<Message, Unreadable> {
    let (kind, mut rest) = unmarked(bytes)?;
    let damaged = |_| Unreadable::Damaged;
    match kind {
        CUT => serde_json::from_slice(&rest).map(Message::Cut).map_err(damaged),
        WHOLE => {
            let length = rest
                .first_chunk()
                .map(|length| u32::from_be_bytes(*length) as usize);
            let length = length
                .filter(|length| length + 4 <= rest.len())
                .ok_or(Unreadable::Damaged)?;
            let mut blobs = rest.split_off(4 + length);
            let front: Front<Vec<Op>> =
                serde_json::from_slice(rest.get(4..).unwrap_or_default()).map_err(|_| Unreadable::Damaged)?;
            let mut all = Vec::with_capacity(front.blobs.len());
            for length in front.blobs {
                let length = length as usize;
                if length > blobs.len() {
                    return Err(Unreadable::Damaged);
                }
                all.push(blobs.split_to(length));
            }
            Ok(Message::Whole(Record {
                id: front.id,
                ops: front.ops,
                blobs: all,
            }))
        }
        _ => Err(Unreadable::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            id: Print::of(7),
            ops: vec![Op::Reread, Op::Open { hash_key: [3; 16] }],
            blobs: vec![Bytes::from_static(b"\0\xffbody"), Bytes::new()],
        }
    }

    #[test]
    fn what_is_written_reads_back_with_its_bytes_as_they_were() {
        let Ok(Message::Whole(back)) = read(record().to_bytes().unwrap()) else {
            panic!("it is ours")
        };
        assert_eq!((back.id, back.ops.len()), (Print::of(7), 2));
        assert_eq!(back.blobs, record().blobs);
        let Ok(Message::Cut(parts)) = read(cut(&[5, 6]).unwrap()) else {
            panic!("it is ours")
        };
        assert_eq!(parts, [5, 6]);
    }

    #[test]
    fn what_is_not_ours_or_not_whole_is_told_apart() {
        for bytes in [&b""[..], b"hello", b"wahook", b"wahook\x01"] {
            assert_eq!(
                read(Bytes::from_static(bytes)).unwrap_err(),
                Unreadable::Foreign,
                "{bytes:?}"
            );
        }
        let mut later = record().to_bytes().unwrap().to_vec();
        later[6] = VERSION + 1;
        assert_eq!(
            read(Bytes::from(later)).unwrap_err(),
            Unreadable::Later(VERSION + 1)
        );
        let whole = record().to_bytes().unwrap();
        for cut in 8..whole.len() {
            assert_eq!(
                read(whole.slice(..cut)).unwrap_err(),
                Unreadable::Damaged,
                "{cut}"
            );
        }
    }
}
