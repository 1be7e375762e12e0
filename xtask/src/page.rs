//! The page of figures: its goals and its tables are what the bench prints.

use std::fmt::Write as _;

use crate::{markers, step::Failure};

/// What the bench names its last section, where nothing was left out and nothing failed.
const GOALS: &str = "Goals";

/// The page with the goals and the tables of this output.
pub(crate) fn renewed(page: &str, output: &str) -> Result<String, Failure> {
    let output = format!("\n{output}");
    let mut sections: Vec<&str> = output.split("\n## ").skip(1).collect();
    let goals = sections.pop().and_then(|last| last.split_once('\n'));
    let Some((GOALS, goals)) = goals else {
        return Err(Failure::new(format!(
            "the output does not end with `## {GOALS}`: it is that of no whole run"
        )));
    };
    let mut tables = String::new();
    for section in sections {
        // Two levels deeper, as parts of a part of the page.
        let section = section.trim().replace("\n### ", "\n#### ");
        let _ = writeln!(tables, "\n### {section}");
    }
    let page = between(page, "goals", &format!("\n{}\n", goals.trim()))?;
    between(&page, "tables", &tables)
}

/// With an empty line before each marker that ends, since Markdown ends a table so.
fn between(page: &str, name: &str, part: &str) -> Result<String, Failure> {
    markers::renewed(page, name, &format!("{part}\n"))?
        .ok_or_else(|| Failure::new(format!("the page has no `{}`", markers::begin(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
## verify: a check

### verify, 250 B

| way | ns |
|:--|--:|
| wahook | 1 |

## stores: keys

Closed loop.

### stores, in memory

| way | ns |

## Goals

1 goals, 0 of them missed.

| what | goal |
";

    const PAGE: &str = "\
# Performance

<!-- goals:begin -->
<!-- goals:end -->

between

<!-- tables:begin -->
old
<!-- tables:end -->

behind
";

    const RENEWED: &str = "\
# Performance

<!-- goals:begin -->

1 goals, 0 of them missed.

| what | goal |

<!-- goals:end -->

between

<!-- tables:begin -->

### verify: a check

#### verify, 250 B

| way | ns |
|:--|--:|
| wahook | 1 |

### stores: keys

Closed loop.

#### stores, in memory

| way | ns |

<!-- tables:end -->

behind
";

    #[test]
    fn goals_and_tables_come_from_the_output() {
        let once = renewed(PAGE, OUTPUT).unwrap();
        assert_eq!(once, RENEWED);
        assert_eq!(renewed(&once, OUTPUT).unwrap(), once);
    }

    #[test]
    fn a_run_that_is_not_whole_makes_no_page() {
        let more = format!("{OUTPUT}\n## Left out\n\n- http: no Node.js\n");
        assert!(renewed(PAGE, &more).is_err());
        assert!(renewed(PAGE, "").is_err());
        assert!(renewed("# Performance\n", OUTPUT).is_err());
    }

    #[test]
    fn the_page_has_its_places() {
        let page = include_str!("../../docs/performance.md");
        assert!(renewed(page, OUTPUT).is_ok());
    }
}
