//! The comparison itself is held against examples: a pattern that fits everything would prove nothing.

use crate::expression::{Scope, Surroundings, Value};
use crate::library::{self, Library};
use crate::pattern;
use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A pattern, what was found, and whether it fits. `seven` is a variable.
const EXAMPLES: [(&str, &str, bool); 26] = [
    ("(7)", "(7 : nat64)", true),
    ("(7)", "(8 : nat64)", false),
    ("(1.5)", "(1.5 : float64)", true),
    ("(1.5)", "(1.25 : float64)", false),
    ("(\"a\")", "(\"a\", 1)", true),
    ("(\"a\", 1)", "(\"a\")", false),
    ("(true)", "(false)", false),
    ("(blob \"\\01\\02\")", "(vec { 1 : nat8; 2 : nat8 })", true),
    ("(blob \"\\01\\02\")", "(blob \"\\01\\03\")", false),
    ("(vec { 1; 2 })", "(vec { 1 : nat; 2 : nat })", true),
    ("(vec { 1; 2 })", "(vec { 2 : nat; 1 : nat })", false),
    ("(vec { 1 })", "(vec { 1 : nat; 2 : nat })", false),
    (
        "(record { a = 1 })",
        "(record { a = 1 : nat; b = 2 : nat })",
        true,
    ),
    (
        "(record { a = 1; b = 2 })",
        "(record { a = 1 : nat })",
        false,
    ),
    (
        "(record { a = 1; b = null })",
        "(record { a = 1 : nat })",
        true,
    ),
    (
        "(record { a = null })",
        "(record { a = opt (1 : nat) })",
        false,
    ),
    ("(variant { a })", "(variant { b })", false),
    ("(variant { a = 1 })", "(variant { a = 1 : nat })", true),
    ("(opt 1)", "(null)", false),
    (
        "(record { a = *; b = 2 })",
        "(record { a = opt \"x\"; b = 2 : nat })",
        true,
    ),
    (
        "(\"not * a ${seven} \\\" placeholder\")",
        "(\"not * a 7 \\\" placeholder\")",
        true,
    ),
    ("(${gt:seven})", "(7 : nat)", false),
    ("(${ge:seven})", "(7 : nat)", true),
    ("(${starts:ab})", "(\"abc\")", true),
    ("(${starts:bc})", "(\"abc\")", false),
    ("(${plus:seven:1})", "(8 : nat32)", true),
];

/// An expression, and its value in plain text.
const EXPRESSIONS: [(&str, &str); 7] = [
    ("${len:repeat:00:65536}", "65536"),
    ("${slice:1:2:bytes:00010203}", "0102"),
    ("${slice:3:9:bytes:00010203}", "03"),
    ("${sum:100+seven+len:bytes:0000}", "109"),
    (
        "${sha256:bytes:}",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    (
        "${candid:(record { a = ${seven} : nat8 })}",
        "4449444c016c01617b010007",
    ),
    ("<${hex:seven}>", "<37>"),
];

/// The examples as tests.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("examples::patterns", || Ok(patterns()?)),
        Trial::test("examples::expressions", || Ok(expressions()?)),
        Trial::test("examples::captures", || Ok(captures()?)),
    ]
}

fn with_scope(examples: impl FnOnce(&mut Scope) -> Result<()>) -> Result<()> {
    let (library, identities) = (Library::new(PathBuf::new()), BTreeMap::new());
    let mut scope = Scope::new(&library, &identities);
    scope.bind("seven", Value::Text("7".into()));
    examples(&mut scope)
}

fn patterns() -> Result<()> {
    with_scope(|scope| {
        for (expected, found, fits) in EXAMPLES {
            let parsed = pattern::parse(expected, scope)?;
            let outcome = pattern::check(&parsed, &library::parse(found)?, scope);
            ensure!(
                outcome.is_ok() == fits,
                "{expected} and {found}: {outcome:?}"
            );
        }
        Ok(())
    })
}

fn expressions() -> Result<()> {
    with_scope(|scope| {
        for (text, value) in EXPRESSIONS {
            let expanded = scope.expand(text, Surroundings::Plain)?;
            ensure!(expanded == value, "{text} is {expanded}, not {value}");
        }
        ensure!(
            scope.expand("${nobody}", Surroundings::Plain).is_err(),
            "an unknown variable has no value"
        );
        Ok(())
    })
}

fn captures() -> Result<()> {
    with_scope(|scope| {
        let pattern = pattern::parse(
            "(record { id = ${capture:id}; count = ${capture:count} })",
            scope,
        )?;
        let found = library::parse("(record { id = blob \"\\00\\ff\"; count = 1_000 : nat64 })")?;
        pattern::check(&pattern, &found, scope)?;
        let text = scope.expand("${id} ${count}", Surroundings::Plain)?;
        ensure!(text == "00ff 1000", "captured {text}");
        Ok(())
    })
}
