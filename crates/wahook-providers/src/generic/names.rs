//! Many names, of which one is looked for: a table of hashes, as a configuration asks for some fifty members of an object,
//! and to compare each member of a body with all of them took longer than to parse it.

/// Names by the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Box<str>>,
    /// A power of two, at most half full, so that looking on always ends; empty without names.
    table: Box<[Entry]>,
}

/// The hash of a name, and its place counted from 1; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    hash: u32,
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
        let hash = hash(name.as_bytes());
        let mask = self.table.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let entry = self.table.get(at)?;
            let place = (entry.place as usize).checked_sub(1)?;
            if entry.hash == hash && self.names.get(place).is_some_and(|known| **known == *name) {
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
            let hash = hash(name.as_bytes());
            let mut at = hash as usize & (size - 1);
            while table[at].place != 0 {
                at = (at + 1) & (size - 1);
            }
            table[at] = Entry { hash, place };
        }
        self.table = table;
    }
}

/// Of the length and both ends, which tell nearly all names apart. Whoever sends a body chooses what is looked for and not
/// what is in the table, so nothing depends on how hard it is to guess.
fn hash(name: &[u8]) -> u32 {
    let ends = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        _ => match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        },
    };
    let mixed = (ends ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
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
        for number in 300..900 {
            assert_eq!(names.find(&of(number)), None);
        }
    }
}
