//! What a guard without an inbox promises. Nothing says which attempt it is there, so it is counted: a sending hands its
//! message over once at most, and what was marked as done is never handed over again.

use std::collections::BTreeMap;

use super::{
    Excused, Found, Rule,
    seen::{Seen, Sending},
};

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) -> Excused {
    let mut delivered: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (line, one) in &seen.delivered {
        delivered.entry(&one.message).or_default().push(*line);
    }
    let mut excused = Excused::default();
    let mut sendings: BTreeMap<&str, Sendings<'_>> = BTreeMap::new();
    for sending in seen.sendings.values().filter(|sending| !sending.forged) {
        let of = sendings.entry(sending.message).or_default();
        let is_excused = seen.may_be_unmarked(sending);
        if is_excused {
            of.excused.push(sending);
        } else {
            of.others.push(sending);
        }
        excused.of += 1;
        excused.count += usize::from(is_excused);
    }
    for (id, delivered) in delivered {
        let Some(sendings) = sendings.get(id) else {
            continue; // nobody sent it, which is found elsewhere
        };
        let most = sendings.most();
        if delivered.len() > most {
            let text = format!(
                "{id} was handed over {} times, {most} at most may be",
                delivered.len()
            );
            let all = sendings.excused.iter().chain(&sendings.others);
            let mut lines: Vec<_> = all.map(|one| one.sent).chain(delivered).collect();
            lines.sort_unstable();
            found.add(Rule::OnceUnlessMarked, text, lines);
        }
    }
    excused
}

/// Those of one message.
#[derive(Default)]
struct Sendings<'a> {
    /// Each may have handed it over without leaving a mark.
    excused: Vec<&'a Sending<'a>>,
    /// Of these, one handed it over and left a mark.
    others: Vec<&'a Sending<'a>>,
}

impl Sendings<'_> {
    /// How often it may be handed over. Once it is marked as done, nobody does who begins then.
    fn most(&self) -> usize {
        let marked = self.others.iter().filter_map(|one| match one.answered {
            Some((line, Some(200))) => Some(line),
            _ => None,
        });
        let marked = marked.min().unwrap_or(usize::MAX);
        let open = self.excused.iter().filter(|one| one.sent < marked).count();
        open + usize::from(!self.others.is_empty())
    }
}
