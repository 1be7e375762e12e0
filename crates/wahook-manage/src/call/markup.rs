//! As much of XML and HTML as it takes to find what an error page says.

/// The text of the first element of the first of these names that has one, whatever the case and the namespace.
pub(super) fn element(page: &str, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| first_element(page, name))
}

/// So many empty ones are passed over: a page of nothing else must not cost the square of its length.
const MOST_EMPTY: usize = 8;

fn first_element(page: &str, name: &str) -> Option<String> {
    let mut rest = page;
    let mut empty = 0_usize;
    while empty < MOST_EMPTY {
        let (tag, after) = next_tag(rest)?;
        rest = after;
        if !is(tag, name) {
            continue;
        }
        let found = text(&after[..end_of(after, name)]);
        if !found.is_empty() {
            return Some(found);
        }
        empty += 1;
    }
    None
}

/// Where the tag begins that closes this element; the end of the page if none does.
fn end_of(inside: &str, name: &str) -> usize {
    let mut rest = inside;
    while let Some((tag, after)) = next_tag(rest) {
        if tag.strip_prefix('/').is_some_and(|tag| is(tag, name)) {
            return inside.len() - after.len() - tag.len() - "<>".len();
        }
        rest = after;
    }
    inside.len()
}

/// The words of a page without its tags, and without what no reader sees.
pub(super) fn text(page: &str) -> String {
    let mut words = String::new();
    let mut rest = page;
    let mut hidden: Option<&str> = None;
    while let Some((before, inside)) = rest.split_once('<') {
        if hidden.is_none() {
            words.push_str(&decoded(before));
            words.push(' ');
        }
        if let Some(data) = inside.strip_prefix("![CDATA[") {
            let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
            if hidden.is_none() {
                words.push_str(data);
            }
            rest = after;
            continue;
        }
        let ending = if inside.starts_with("!--") { "-->" } else { ">" };
        let Some((tag, after)) = inside.split_once(ending) else {
            rest = "";
            break;
        };
        hidden = match hidden {
            Some(name) if tag.strip_prefix('/').is_some_and(|tag| is(tag, name)) => None,
            Some(name) => Some(name),
            None => ["script", "style"].into_iter().find(|name| is(tag, name)),
        };
        rest = after;
    }
    if hidden.is_none() {
        words.push_str(&decoded(rest));
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The inside of the next tag, and what follows it.
fn next_tag(page: &str) -> Option<(&str, &str)> {
    let mut rest = page;
    loop {
        let (_, inside) = rest.split_once('<')?;
        if let Some(comment) = inside.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if let Some(data) = inside.strip_prefix("![CDATA[") {
            rest = data.split_once("]]>")?.1;
        } else {
            return inside.split_once('>');
        }
    }
}

/// Whether a tag has this name.
fn is(tag: &str, name: &str) -> bool {
    let whole = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or(tag);
    let local = whole.rsplit(':').next().unwrap_or(whole);
    local.eq_ignore_ascii_case(name)
}

fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // No further than a name is long: a page of nothing but `&` is looked through once.
        let end = after.bytes().take(11).position(|byte| byte == b';');
        let entity = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        let known = entity.and_then(|(name, behind)| Some((character(name)?, behind)));
        rest = match known {
            Some((c, behind)) => {
                out.push(c);
                behind
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    let number = |text: &str, radix| char::from_u32(u32::from_str_radix(text, radix).ok()?);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => match entity.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            decimal => number(decimal, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_and_what_only_begins_like_one_stays() {
        assert_eq!(
            decoded("a &lt;b&gt; &#38;&#x26;&nope; & c;"),
            "a <b> &&&nope; & c;"
        );
        assert_eq!(decoded("&&amp"), "&&amp");
        // A megabyte of it is looked through once.
        let page = "&".repeat(1 << 20);
        assert_eq!(decoded(&page).len(), page.len());
    }
}
