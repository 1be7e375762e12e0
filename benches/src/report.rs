//! What a run says: tables, and at the end the goals.

use std::fmt;

use crate::harness::{self, Lines, Plan, Subject};

/// What a figure must come to.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}

struct Judged {
    what: String,
    goal: Goal,
    figure: f64,
}

pub struct Report {
    pub plan: Plan,
    /// Nothing is measured: whoever runs this program counts instructions.
    counting: bool,
    judged: Vec<Judged>,
}

impl Report {
    pub const fn new(plan: Plan, counting: bool) -> Self {
        Self {
            plan,
            counting,
            judged: Vec::new(),
        }
    }

    /// Measures subjects side by side, and prints it; the first is the one that the others are compared with.
    pub fn table(&self, title: &str, subjects: &mut [Subject<'_>]) -> Lines {
        if self.counting {
            harness::count(title, subjects);
            return Lines::default();
        }
        let lines = harness::measure(self.plan, subjects);
        harness::print(title, &lines);
        lines
    }

    /// A figure that has to come to something; none where nothing was measured.
    pub fn goal(&mut self, what: impl Into<String>, figure: Option<f64>, goal: Goal) {
        let what = what.into();
        self.judged
            .extend(figure.map(|figure| Judged { what, goal, figure }));
    }

    /// All of them, and how many were missed.
    pub fn goals(&self) {
        if self.judged.is_empty() {
            return;
        }
        println!("\n## Goals\n");
        println!("| what | goal | measured | |");
        println!("|:--|--:|--:|:--|");
        for Judged { what, goal, figure } in &self.judged {
            let verdict = if goal.holds(*figure) { "" } else { "missed" };
            println!("| {what} | {goal} | {figure:.2} | {verdict} |");
        }
        let missed = self
            .judged
            .iter()
            .filter(|one| !one.goal.holds(one.figure))
            .count();
        println!("\n{missed} of {} missed.", self.judged.len());
    }
}
