//! Which members the objects of the envelope have.

use serde::de::MapAccess;

use super::{
    Body, Change, Chunk, Entry, List, Name, Part, Rows, Thread, Typed, Value,
    left::Left,
    reading::{Members, PartSeed, first, first_typed, pass, rest, rows},
};

impl<'de> Members<'de> for Body<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "object" => first_typed(&mut self.object, map, left),
            "entry" => rows(&mut self.entry, map, left),
            _ => rest(&mut self.rest, &name.0, map, left).map(|_| ()),
        }
    }
}

impl<'de> Members<'de> for Entry<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "id" => first_typed(&mut self.id, map, left),
            "time" => first_typed(&mut self.time, map, left),
            "changes" => rows(&mut self.changes, map, left),
            _ => rest(&mut self.rest, &name.0, map, left).map(|_| ()),
        }
    }
}

impl<'de> Members<'de> for Change<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        self.span.begin(name, left);
        match &*name.0 {
            "field" => {
                let is_first = self.field.is_none();
                first_typed(&mut self.field, map, left)?;
                if is_first && let Some(Typed::Read(field)) = self.field {
                    self.span.end_of_text(field);
                }
            }
            "value" if matches!(self.value, Part::Absent) => {
                map.next_value_seed(PartSeed(&mut self.value, left))?;
                self.ends_with_value = true;
                self.is_shadowed |= matches!(self.value, Part::Absent);
                return Ok(());
            }
            _ => self.span.end(map.next_value()?),
        }
        self.ends_with_value = false;
        Ok(())
    }
}

impl<'de> Members<'de> for Value<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        self.span.begin(name, left);
        match &*name.0 {
            "metadata" => first_typed(&mut self.metadata, map, left),
            "contacts" => rows(&mut self.contacts, map, left),
            "history" => rows(&mut self.history, map, left),
            _ => match List::of(&name.0) {
                None => {
                    self.span.end(rest(&mut self.rest, &name.0, map, left)?);
                    Ok(())
                }
                Some(list) if self.lists.iter().all(|(known, _)| *known != list) => {
                    let mut found = Rows::Absent;
                    rows(&mut found, map, left)?;
                    if !matches!(found, Rows::Absent) {
                        self.lists.push((list, found));
                    }
                    Ok(())
                }
                Some(_) => pass(map),
            },
        }
    }
}

impl<'de> Members<'de> for Chunk<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "metadata" => first(&mut self.metadata, map),
            "threads" => rows(&mut self.threads, map, left),
            "errors" => rows(&mut self.errors, map, left),
            _ => rest(&mut self.rest, &name.0, map, left).map(|_| ()),
        }
    }
}

impl<'de> Members<'de> for Thread<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "id" => first_typed(&mut self.id, map, left),
            "messages" => rows(&mut self.messages, map, left),
            _ => rest(&mut self.rest, &name.0, map, left).map(|_| ()),
        }
    }
}
