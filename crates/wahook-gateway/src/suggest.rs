//! "Did you mean": the nearest word of a list.

/// The nearest of the candidates, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed || is_part(word, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `body` for `body_bytes`: a word with its unit left out, or the reverse.
fn is_part(word: &str, candidate: &str) -> bool {
    word.len() >= 4 && (candidate.contains(word) || word.contains(candidate) && candidate.len() >= 4)
}

/// `; did you mean …?`, or the whole list where nothing is near and the list is short.
pub(crate) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => {
            let all: Vec<_> = candidates.into_iter().collect();
            if all.is_empty() {
                String::new()
            } else {
                format!("; there are: {}", all.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let keys = ["secret", "secret_file", "provider", "body_bytes"];
        assert_eq!(nearest("secert", keys), Some("secret"));
        assert_eq!(nearest("secretfile", keys), Some("secret_file"));
        assert_eq!(nearest("body", keys), Some("body_bytes"));
        assert_eq!(nearest("zebra", keys), None);
    }
}
