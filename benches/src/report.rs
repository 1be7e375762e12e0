//! What a run says: tables, and at the end the goals.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use serde::{Deserialize, Serialize};

use crate::{
    Group,
    count::Against,
    harness::{self, Lines, Plan, Subject},
};

/// What a figure must come to.
#[derive(Clone, Copy, Deserialize, Serialize)]
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

#[derive(Deserialize, Serialize)]
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
    left_out: Vec<String>,
    failed: Vec<&'static str>,
}

impl Report {
    pub const fn new(plan: Plan, counting: bool) -> Self {
        Self {
            plan,
            counting,
            judged: Vec::new(),
            left_out: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Runs a group. One that panics keeps no other from its turn.
    pub fn group(&mut self, Group { name, about, run, .. }: &Group) {
        if !self.counting {
            println!("\n## {name}: {about}");
        }
        if catch_unwind(AssertUnwindSafe(|| run(self))).is_err() {
            self.failed.push(name);
        }
    }

    /// Measures subjects side by side, and prints it; the first is the one that the others are compared with.
    pub fn table(&self, title: &str, against: Against, subjects: &mut [Subject<'_>]) -> Lines {
        if self.counting {
            harness::count(title, against, subjects);
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

    /// Something that cannot be had here.
    pub fn left_out(&mut self, what: &str, why: impl fmt::Display) {
        let line = format!("{what}: {why}");
        if !self.counting {
            println!("\nLeft out: {line}");
        }
        self.left_out.push(line);
    }

    /// The goals, for the report of another process.
    pub fn hand_over(&self) -> String {
        serde_json::to_string(&self.judged).expect("names and numbers")
    }

    /// Adds the goals that another process handed over.
    pub fn take_over(&mut self, goals: &str) {
        let goals: Vec<Judged> = serde_json::from_str(goals).expect("what another process handed over");
        self.judged.extend(goals);
    }

    /// All goals, and how many were missed; then what is missing, which is a failure unless this is a look.
    pub fn finish(self) -> ExitCode {
        if !self.counting {
            self.goals();
            section("Left out", &self.left_out);
            section("Failed", &self.failed);
        }
        let is_whole = self.left_out.is_empty() || self.plan.is_quick();
        if is_whole && self.failed.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn goals(&self) {
        if self.judged.is_empty() {
            return;
        }
        let goals = self.judged.iter();
        let missed = goals.filter(|one| !one.goal.holds(one.figure)).count();
        println!("\n## Goals\n");
        println!("{} goals, {missed} of them missed.\n", self.judged.len());
        println!("| what | goal | measured | |");
        println!("|:--|--:|--:|:--|");
        for Judged { what, goal, figure } in &self.judged {
            let verdict = if goal.holds(*figure) { "" } else { "missed" };
            println!("| {what} | {goal} | {figure:.2} | {verdict} |");
        }
    }
}

/// A list, where there is something in it.
fn section(title: &str, lines: &[impl fmt::Display]) {
    if lines.is_empty() {
        return;
    }
    println!("\n## {title}\n");
    for line in lines {
        println!("- {line}");
    }
}
