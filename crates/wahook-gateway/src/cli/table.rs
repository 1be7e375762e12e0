//! Tables for people. What others wrote is cleaned of what a terminal would obey.

use crate::manage::is_obeyed;

/// Rows under a head, each column as wide as its longest value; the last one as wide as it likes.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|name| name.chars().count()).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(cell);
            let missing = width.saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', missing + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Without control characters and without what turns the direction of writing: a name must not move the cursor.
pub(super) fn clean(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect();
    if shown.is_empty() { "-".to_owned() } else { shown }
}

const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [
            vec!["a".to_owned(), "1".to_owned()],
            vec!["longer".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["N", "COUNT"], &rows),
            "N       COUNT\na       1\nlonger  -\n"
        );
    }

    #[test]
    fn p_a_name_cannot_command_the_terminal() {
        let shown = clean("\u{1b}[2Jx\r\n\u{202e}y\u{7}");
        assert!(
            !shown.contains(['\u{1b}', '\r', '\n', '\u{202e}', '\u{7}']),
            "{shown:?}"
        );
        assert!(shown.contains('x') && shown.contains('y'));
    }
}
