//! The history: pieces, conversations, messages.

use wahook_core::{
    Parsed,
    json::{self, Raw, ReadError},
};

use super::{
    super::{
        envelope::{self, Chunk, Part, Rows},
        event::{Element, Event, HistoryChunk, HistoryMessage, Payload},
    },
    Items,
    place::Place,
    words::{text, under},
};

impl<F: FnMut(Parsed<Event>)> Items<'_, F> {
    pub(super) fn history(&mut self, chunks: &Rows<Part<Chunk<'_>>>, place: &Place) {
        let name = || place.name_of("history");
        if chunks.is_wrong() {
            let raw = self.change_raw(place);
            let error = ReadError::shape(place.path(".value.history"));
            self.malformed(Some(name()), error, place.context(), raw);
        }
        for (index, chunk) in chunks.as_slice().iter().enumerate() {
            let before = self.count;
            if let Part::Object(chunk) = chunk {
                self.chunk(chunk, index, place);
            }
            if self.count == before {
                let raw = self.chunk_raw(index, place);
                let error = ReadError::shape(place.path(&format!(".value.history[{index}]")));
                self.malformed(Some(name()), error, place.context(), raw);
            }
        }
    }

    /// All of a piece.
    fn chunk_raw(&self, index: usize, place: &Place) -> Raw {
        let change = self.pieces.change(place.entry, place.change);
        let chunk = change.and_then(|change| envelope::chunk(change, index));
        chunk.map_or_else(|| self.change_raw(place), |json| self.raw(json))
    }

    fn chunk(&mut self, members: &Chunk<'_>, at: usize, place: &Place) {
        let name = place.name_of("history");
        let path = place.path(&format!(".value.history[{at}]"));
        let mut about = None;
        if let Some(json) = members.metadata {
            // Its messages are items of their own.
            let raw = self.raw(json);
            match json::read::<HistoryChunk>(json.get().as_bytes()) {
                Ok(read) => {
                    about = Some(read.clone());
                    self.known(place, name.clone(), None, Payload::HistoryChunk(read), raw);
                }
                Err(error) => {
                    let error = under(&format!("{path}.metadata"), &error);
                    self.malformed(Some(name.clone()), error, place.context(), raw);
                }
            }
        }
        // Once: each copy of the piece would be as large as it.
        let mut has_told = false;
        let mut wrong = |items: &mut Self, path: String| {
            if std::mem::replace(&mut has_told, true) {
                return;
            }
            let raw = items.chunk_raw(at, place);
            items.malformed(Some(name.clone()), ReadError::shape(path), place.context(), raw);
        };
        if members.threads.is_wrong() {
            wrong(self, format!("{path}.threads"));
        }
        for (index, thread) in members.threads.as_slice().iter().enumerate() {
            let path = format!("{path}.threads[{index}]");
            let thread = match thread {
                Part::Object(thread) if !thread.messages.is_wrong() => thread,
                Part::Object(_) => {
                    wrong(self, format!("{path}.messages"));
                    continue;
                }
                Part::Wrong | Part::Absent => {
                    wrong(self, path);
                    continue;
                }
            };
            let id = text(thread.id).unwrap_or_default();
            for (index, row) in thread.messages.as_slice().iter().enumerate() {
                let raw = self.raw(row);
                let error = match Element::Message.read(row.get()) {
                    Ok(Some(Payload::Message(message))) => {
                        let payload = Payload::HistoryMessage(HistoryMessage {
                            chunk: about.clone(),
                            thread: id.clone(),
                            message,
                        });
                        self.known(place, name.clone(), None, payload, raw);
                        continue;
                    }
                    Ok(_) => ReadError::shape(format!("{path}.messages[{index}]")),
                    Err(error) => under(&format!("{path}.messages[{index}]"), &error),
                };
                self.malformed(Some(name.clone()), error, place.context(), raw);
            }
            self.rest(&thread.rest, &format!("{name}.threads."), &place.context());
        }
        self.rest(&members.rest, &format!("{name}."), &place.context());
        if members.errors.is_wrong() {
            wrong(self, format!("{path}.errors"));
        }
        for (index, row) in members.errors.as_slice().iter().enumerate() {
            let raw = self.raw(row);
            let name = place.name_of("errors");
            match Element::Error.read(row.get()) {
                Ok(Some(payload)) => self.known(place, name, None, payload, raw),
                Ok(None) => {
                    let error = ReadError::shape(format!("{path}.errors[{index}]"));
                    self.malformed(Some(name), error, place.context(), raw);
                }
                Err(error) => {
                    let error = under(&format!("{path}.errors[{index}]"), &error);
                    self.malformed(Some(name), error, place.context(), raw);
                }
            }
        }
    }
}
