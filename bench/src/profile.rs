//! What callgrind wrote.

use std::collections::HashMap;

/// Instructions by function.
pub struct Profile {
    pub total: u64,
    /// The dearest by itself first.
    pub functions: Vec<Function>,
}

/// One function, with what was inlined into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Instructions of its own.
    pub own: u64,
    /// Those of the functions it calls included.
    pub inclusive: u64,
    pub calls: u64,
}

impl Profile {
    /// Of what was not run.
    pub const NONE: Self = Self { total: 0, functions: Vec::new() };

    /// Reads the format of callgrind's manual, chapter 3, as far as callgrind 3.19 uses it with its default options.
    pub fn parse(text: &str) -> Self {
        let mut functions: HashMap<&str, Function> = HashMap::new();
        let (mut total, mut function, mut callee, mut is_call) = (0, "", "", false);
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("totals: ") {
                total = number(Some(value));
            } else if let Some((key, value)) = line.split_once('=') {
                // "(12) name" once, then "(12)".
                let (id, rest) = value.split_once(' ').unwrap_or((value, ""));
                if matches!(key, "fn" | "cfn") && !rest.is_empty() {
                    functions.entry(id).or_default().name = without_mark(rest);
                }
                match key {
                    "fn" => function = id,
                    "cfn" => callee = id,
                    "calls" => {
                        // "calls=COUNT POSITION"; the next line holds what the calls cost.
                        functions.entry(callee).or_default().calls += number(Some(id));
                        is_call = true;
                    }
                    _ => {}
                }
            } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
                let cost = number(line.split_whitespace().nth(1));
                if std::mem::take(&mut is_call) {
                    functions.entry(callee).or_default().inclusive += cost;
                } else {
                    functions.entry(function).or_default().own += cost;
                }
            }
        }
        let mut functions: Vec<_> = functions.into_values().filter(|function| function.own > 0).collect();
        for function in &mut functions {
            // What runs when the measurement starts is nobody's callee.
            function.inclusive = function.inclusive.max(function.own);
        }
        functions.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.name.cmp(&b.name)));
        Self { total, functions }
    }
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Callgrind marks recursion by an apostrophe and the depth.
fn without_mark(name: &str) -> String {
    name.split('\'').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_added_by_function_and_those_of_calls_apart() {
        let text =
            "events: Ir\nfl=(1) a.rs\nfn=(1) one\n10 5\nfi=(2) b.rs\n+3 7\ncfn=(2) two\ncalls=3 20\n* 100\n\
                    fn=(2)\n20 90\n-2 10\ntotals: 112\n";
        let profile = Profile::parse(text);
        let function =
            |name: &str, own, inclusive, calls| Function { name: name.into(), own, inclusive, calls };
        assert_eq!(profile.total, 112);
        assert_eq!(profile.functions, [function("two", 100, 100, 3), function("one", 12, 12, 0)]);
    }
}
