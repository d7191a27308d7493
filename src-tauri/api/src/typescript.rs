//! Generates `ui/src/backend/wire.ts`: every type of the contract, and the interface `Requests` that gives each request its
//! parameters and its reply. `cargo xtask wire` rewrites the file; a test fails while it differs.

use crate::{
    feed::News,
    picks::{Pick, PickKind, Shown},
};
use std::{
    any::TypeId,
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};
use ts_rs::{Config, TS, TypeVisitor};

/// The whole file.
pub fn generate() -> String {
    let mut collector = Collector::default();
    crate::requests::declare(&mut collector);
    collector.visit::<News>();
    // Not part of a request: the shell itself is asked with them, and answers with them.
    collector.visit::<Pick>();
    collector.visit::<PickKind>();
    collector.visit::<Shown>();
    collector.finish()
}

/// Gathers requests and every type that they reach.
#[derive(Default)]
pub(crate) struct Collector {
    config: Config,
    /// What was reached before: a type may contain itself, also in a box that has no name.
    seen: HashSet<TypeId>,
    types: BTreeMap<String, String>,
    requests: String,
}

impl Collector {
    pub(crate) fn begin(&mut self, method: &str, doc: &str) {
        let _ = write!(
            self.requests,
            "  /** {} */\n  {}: {{ parameters: {{",
            doc.trim(),
            camel_case(method)
        );
    }

    pub(crate) fn parameter<T: TS + 'static>(&mut self, name: &str) {
        self.visit::<T>();
        let _ = write!(
            self.requests,
            " {}: {};",
            camel_case(name),
            T::name(&self.config)
        );
    }

    pub(crate) fn reply<T: TS + 'static>(&mut self) {
        self.visit::<T>();
        let closing = if self.requests.ends_with('{') {
            "}"
        } else {
            " }"
        };
        let _ = writeln!(
            self.requests,
            "{closing}; reply: {} }};",
            T::name(&self.config)
        );
    }

    fn finish(self) -> String {
        let mut text =
            "// Generated from src-tauri/api by `cargo xtask wire`. Do not edit.\n".to_owned();
        for declaration in self.types.values() {
            let _ = write!(text, "\n{declaration}\n");
        }
        let _ = write!(
            text,
            "\n/** Every request: what it takes and what it answers. */\nexport interface Requests {{\n{}}}\n",
            self.requests
        );
        text
    }
}

impl TypeVisitor for Collector {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        let name = T::name(&self.config);
        // Only our own named types are declared; numbers, strings and lists speak for themselves.
        if T::output_path().is_some() && !self.types.contains_key(&name) {
            let docs = T::docs().unwrap_or_default();
            self.types
                .insert(name, format!("{docs}export {}", T::decl(&self.config)));
        }
        T::visit_dependencies(self);
        // What a list or an option holds.
        T::visit_generics(self);
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    /// With `CANOPIC_WIRE=write` the file is rewritten instead.
    #[test]
    fn wire_ts_says_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/backend/wire.ts");
        let generated = super::generate();
        if std::env::var_os("CANOPIC_WIRE").is_some_and(|wish| wish == "write") {
            std::fs::write(path, &generated).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == generated,
            "ui/src/backend/wire.ts is out of date: run `cargo xtask wire`"
        );
    }
}
