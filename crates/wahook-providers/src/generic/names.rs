//! Many names, of which one is looked for: a table by hash, as a configuration asks for some fifty members of an object,
//! and to compare each member of a body with all of them took longer than to parse it.

/// Names by the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Box<str>>,
    /// A power of two, at most half full, so that looking on always ends; empty without names.
    table: Box<[Entry]>,
}

/// A name, as far as it has room here, and its place counted from 1; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: Key,
    place: u32,
}

impl Names {
    /// The place of a name, a new one if it is new.
    pub(super) fn add(&mut self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.fill();
            self.names.len() - 1
        })
    }

    /// The place of a name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let key = Key::of(name.as_bytes());
        let mask = self.table.len().wrapping_sub(1);
        let mut at = key.hash() & mask;
        loop {
            let entry = self.table.get(at)?;
            let place = (entry.place as usize).checked_sub(1)?;
            if entry.key == key
                && (key.is_whole() || self.names.get(place).is_some_and(|known| **known == *name))
            {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    /// Names come only while a configuration is read: there is no hurry.
    fn fill(&mut self) {
        let size = (self.names.len() * 2).next_power_of_two();
        let mut table = vec![Entry::default(); size].into_boxed_slice();
        for (name, place) in self.names.iter().zip(1..) {
            let key = Key::of(name.as_bytes());
            let mut at = key.hash() & (size - 1);
            while table[at].place != 0 {
                at = (at + 1) & (size - 1);
            }
            table[at] = Entry { key, place };
        }
        self.table = table;
    }
}

/// The length and both ends of a name: all of it, where it has at most sixteen bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    length: u32,
}

impl Key {
    #[inline]
    fn of(name: &[u8]) -> Self {
        let (first, last) = match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (name.first_chunk(), name.last_chunk()) {
                (Some(first), Some(last)) => (
                    u64::from(u32::from_le_bytes(*first)),
                    u64::from(u32::from_le_bytes(*last)),
                ),
                _ => (name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
            },
        };
        // What is too long for a number of 32 bits is no name, and is compared in full like all that are long.
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        Self { first, last, length }
    }

    /// Whether two names with this key are the same name.
    const fn is_whole(self) -> bool {
        self.length <= 16
    }

    /// Whoever sends a body chooses what is looked for and not what is in the table, so nothing depends on how hard this is
    /// to guess.
    const fn hash(self) -> usize {
        let mixed = self.first ^ self.last.rotate_left(29) ^ self.length as u64;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
    }
}

/// A value for each of several names.
#[derive(Clone, Debug, Default)]
pub(super) struct Table<V> {
    names: Names,
    values: Vec<V>,
}

impl<V: Copy> Table<V> {
    pub(super) fn get(&self, name: &str) -> Option<V> {
        self.values.get(self.names.find(name)?).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.names.names.iter().map(AsRef::as_ref).zip(&self.values)
    }
}

impl<N: AsRef<str>, V> FromIterator<(N, V)> for Table<V> {
    /// Of a name that comes twice the first counts.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(rows: I) -> Self {
        let (mut names, mut values) = (Names::default(), Vec::new());
        for (name, value) in rows {
            if names.add(name.as_ref()) == values.len() {
                values.push(value);
            }
        }
        Self { names, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        let mut names = Names::default();
        assert_eq!(names.find(""), None);
        // The same length and the same ends: only the names themselves tell them apart.
        let alike = |number: usize| format!("beginning {number:03} and the end");
        let of = |number: usize| match number % 3 {
            0 => "x".repeat(number),
            1 => alike(number),
            _ => number.to_string(),
        };
        for number in 0..300 {
            assert_eq!(names.find(&of(number)), None);
            assert_eq!(names.add(&of(number)), number);
        }
        for number in 0..300 {
            assert_eq!(names.add(&of(number)), number);
            assert_eq!(names.find(&of(number)), Some(number));
        }
        // One letter apart, in names of every length.
        let mut names = Names::default();
        for length in 1..40 {
            let name = "a".repeat(length);
            names.add(&name);
            for at in 0..length {
                let mut other = name.clone();
                other.replace_range(at..=at, "b");
                assert_eq!(names.find(&other), None, "{other}");
            }
            assert_eq!(names.find(&name), Some(length - 1));
        }
    }

    #[test]
    fn a_table_of_many_names_finds_none_that_is_not_in_it() {
        let names: Table<usize> = (0..300)
            .map(|number| (format!("name {number}"), number))
            .collect();
        assert_eq!(names.get("name 7"), Some(7));
        assert_eq!(names.iter().count(), 300);
        for number in 300..900 {
            assert_eq!(names.get(&format!("name {number}")), None);
        }
    }
}
