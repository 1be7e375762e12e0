//! Texts with a part that is made: `<!-- name:begin -->` stands before it, `<!-- name:end -->` behind it.

use crate::step::Failure;

/// The text with what stands between the markers of this name replaced; `None` without markers.
pub(crate) fn renewed(text: &str, name: &str, part: &str) -> Result<Option<String>, Failure> {
    let (begin, end) = (begin(name), format!("<!-- {name}:end -->"));
    let Some((before, rest)) = text.split_once(&begin) else {
        return Ok(None);
    };
    let Some((_, after)) = rest.split_once(&end) else {
        return Err(Failure::new(format!("`{begin}` stands without `{end}`")));
    };
    Ok(Some(format!("{before}{begin}\n{part}{end}{after}")))
}

pub(crate) fn begin(name: &str) -> String {
    format!("<!-- {name}:begin -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let text = "# a\n<!-- b:begin -->\nold\n<!-- b:end -->\nz\n";
        let once = renewed(text, "b", "new\n").unwrap().unwrap();
        assert_eq!(once, "# a\n<!-- b:begin -->\nnew\n<!-- b:end -->\nz\n");
        assert_eq!(renewed(&once, "b", "new\n").unwrap().unwrap(), once);
        assert!(renewed(text, "c", "new\n").unwrap().is_none());
        assert!(renewed("<!-- b:begin -->", "b", "new\n").is_err());
    }
}
