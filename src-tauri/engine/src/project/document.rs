//! The files of a project, read without trusting them.
//!
//! A project may come from anywhere. So nothing in it is executed, no link leads out of its folder, no file is read that is larger
//! than a manifest can be, and depth, size and number of what is read have limits. What is wrong becomes a [`Problem`] with file
//! and line, and reading goes on: one broken file does not hide the others.

use super::{Problem, ProblemKind};
use camino::{Utf8Path, Utf8PathBuf};
use saphyr_parser::{Event, Parser};
use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{self, Read as _},
};

/// The largest file that is read. The largest manifests known have some ten kilobytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// The most values that are read of one file, repetitions by `*alias` included.
const MOST_VALUES: usize = 50_000;

/// How deep values may lie in each other.
const DEEPEST: usize = 64;

/// The most files that are read of one project.
const MOST_FILES: usize = 1_000;

/// The most folders that are looked at for one pattern, and how deep below the project.
const MOST_FOLDERS: usize = 2_000;
const DEEPEST_FOLDER: usize = 12;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// Counted from one; none where the reader does not tell.
    pub(super) line: Option<u32>,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Text, a number, true, false or null, as it is written.
    Scalar(String),
    List(Vec<Value>),
    Map(Vec<(Key, Value)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) line: Option<u32>,
    pub(super) name: String,
}

impl Value {
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        // As the tools do, where a key stands twice the last one counts.
        self.entries()
            .iter()
            .rev()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value)
    }

    pub(super) fn entries(&self) -> &[(Key, Self)] {
        match &self.content {
            Content::Map(entries) => entries,
            Content::Scalar(_) | Content::List(_) => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            Content::Scalar(_) | Content::Map(_) => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Nothing, as an empty file or a key without a value has it.
    pub(super) fn is_nothing(&self) -> bool {
        self.text()
            .is_some_and(|text| matches!(text, "" | "~" | "null"))
    }

    fn size(&self) -> usize {
        // Bounded by the limit on the values that were read, so the recursion is as deep as `DEEPEST` at most.
        1 + match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => items.iter().map(Self::size).sum(),
            Content::Map(entries) => entries.iter().map(|(_, value)| value.size()).sum(),
        }
    }
}

/// Reads the files of one project and remembers what is wrong with them.
pub(super) struct Reader {
    root: Utf8PathBuf,
    files: usize,
    pub(super) problems: Vec<Problem>,
    /// The folders that were looked into.
    pub(super) folders: BTreeSet<Utf8PathBuf>,
}

impl Reader {
    /// `root` is canonical.
    pub(super) fn new(root: Utf8PathBuf) -> Self {
        Self {
            root,
            files: 0,
            problems: Vec::new(),
            folders: BTreeSet::new(),
        }
    }

    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors, names and limits are handed over as they are"
    )]
    pub(super) fn complain(
        &mut self,
        file: &Utf8Path,
        line: Option<u32>,
        kind: ProblemKind,
        subject: impl ToString,
    ) {
        self.problems.push(Problem {
            file: file.to_owned(),
            line,
            kind,
            subject: subject.to_string(),
        });
    }

    /// The YAML in a file; none if there is no such file or it cannot be understood.
    pub(super) fn yaml(&mut self, file: &Utf8Path) -> Option<Value> {
        let text = self.text(file)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.complain(file, fault.line, fault.kind, fault.text);
                None
            }
        }
    }

    /// The JSON in a file; none if there is no such file or it cannot be understood.
    pub(super) fn json(&mut self, file: &Utf8Path) -> Option<Value> {
        let text = self.text(file)?;
        // JSON's own reader decides what is JSON and says where it is not; nearly all JSON is YAML, which keeps the lines.
        let plain: serde_json::Value = match serde_json::from_str(&text) {
            Ok(plain) => plain,
            Err(error) => {
                self.complain(
                    file,
                    Some(error.line() as u32),
                    ProblemKind::Malformed,
                    error,
                );
                return None;
            }
        };
        match parse(&text) {
            Ok(value) => Some(value),
            Err(Fault {
                kind: ProblemKind::Malformed,
                ..
            }) => Some(without_lines(plain)),
            Err(fault) => {
                self.complain(file, fault.line, fault.kind, fault.text);
                None
            }
        }
    }

    fn text(&mut self, file: &Utf8Path) -> Option<String> {
        let path = self.inside(file)?;
        self.folders.extend(path.parent().map(Utf8Path::to_owned));
        self.files += 1;
        if self.files > MOST_FILES {
            self.complain(file, None, ProblemKind::TooMany, MOST_FILES);
            return None;
        }
        let read = || -> io::Result<Option<String>> {
            let opened = File::open(&path)?;
            let about = opened.metadata()?;
            if !about.is_file() {
                return Err(io::Error::other("not a file"));
            }
            let mut text = String::new();
            // One byte more than allowed: the file may grow while it is read.
            opened.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
            Ok((text.len() as u64 <= LARGEST_FILE).then_some(text))
        };
        match read() {
            Ok(Some(text)) => Some(text),
            Ok(None) => {
                self.complain(file, None, ProblemKind::TooLarge, LARGEST_FILE);
                None
            }
            Err(error) => {
                self.complain(file, None, ProblemKind::Unreadable, error);
                None
            }
        }
    }

    /// Where something of the project really is; none if it is not there, or not inside the project.
    fn inside(&mut self, file: &Utf8Path) -> Option<Utf8PathBuf> {
        match self.root.join(file).canonicalize_utf8() {
            Ok(path) if path.starts_with(&self.root) => Some(path),
            Ok(_) => {
                self.complain(file, None, ProblemKind::Outside, file);
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.complain(file, None, ProblemKind::Unreadable, error);
                None
            }
        }
    }

    /// Whether this is a file of the project.
    pub(super) fn has(&self, file: &Utf8Path) -> bool {
        self.root.join(file).is_file()
    }

    /// The entries of a folder, by name; links are left out, because they may lead anywhere.
    pub(super) fn entries(&mut self, folder: &Utf8Path) -> Vec<(Utf8PathBuf, bool)> {
        let path = self.root.join(folder);
        let Ok(entries) = path.read_dir_utf8() else {
            return Vec::new();
        };
        self.folders.insert(path);
        let mut found: Vec<_> = entries
            .flatten()
            .take(MOST_FOLDERS)
            .filter_map(|entry| {
                let kind = entry.file_type().ok()?;
                (!kind.is_symlink()).then(|| (folder.join(entry.file_name()), kind.is_dir()))
            })
            .collect();
        found.sort();
        found
    }

    /// The folders that fit a pattern: `*` and `?` within a name, `**` for any number of folders.
    pub(super) fn folders_like(&mut self, pattern: &str) -> Vec<Utf8PathBuf> {
        let parts: Vec<&str> = pattern
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let mut found = Vec::new();
        let mut open = vec![(Utf8PathBuf::new(), 0)];
        let mut looked_at = 0;
        while let Some((folder, part)) = open.pop() {
            looked_at += 1;
            if looked_at > MOST_FOLDERS || folder.components().count() > DEEPEST_FOLDER {
                continue;
            }
            let Some(wanted) = parts.get(part) else {
                found.push(folder);
                continue;
            };
            if *wanted == "**" {
                open.push((folder.clone(), part + 1));
            }
            for (entry, is_folder) in self.entries(&folder) {
                let name = entry.file_name().unwrap_or_default();
                // What begins with a dot, and what package managers fill, is never meant.
                if !is_folder || name.starts_with('.') || name == "node_modules" {
                    continue;
                }
                if *wanted == "**" {
                    open.push((entry, part));
                } else if fits(name.as_bytes(), wanted.as_bytes()) {
                    open.push((entry, part + 1));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    // Two pointers and the last star: never worse than the product of both lengths, however many stars a stranger wrote.
    let (mut at, mut want) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match pattern.get(want) {
            Some(b'*') => {
                star = Some((want, at));
                want += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[at] => {
                at += 1;
                want += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                want = star_at + 1;
                at = taken + 1;
            }
        }
    }
    pattern[want..].iter().all(|byte| *byte == b'*')
}

#[derive(Debug)]
struct Fault {
    line: Option<u32>,
    kind: ProblemKind,
    text: String,
}

/// A list or map that is being read.
enum Open {
    List(Vec<Value>),
    Map(Vec<(Key, Value)>, Option<Key>),
}

/// The first document of a text.
fn parse(text: &str) -> Result<Value, Fault> {
    let mut open: Vec<(Open, Option<u32>, usize)> = Vec::new();
    let mut anchors: HashMap<usize, Value> = HashMap::new();
    let mut values = 0;
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Fault {
            line: Some(error.marker().line() as u32),
            kind: ProblemKind::Malformed,
            text: error.info().to_owned(),
        })?;
        let line = Some(span.start.line() as u32);
        let fault = |kind, text: usize| Fault {
            line,
            kind,
            text: text.to_string(),
        };
        let (value, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (
                Value {
                    line,
                    content: Content::Scalar(text.into_owned()),
                },
                anchor,
            ),
            Event::Alias(anchor) => {
                let value = anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| fault(ProblemKind::Malformed, anchor))?;
                values += value.size();
                (value, 0)
            }
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(Vec::new()), line, anchor));
                if open.len() > DEEPEST {
                    return Err(fault(ProblemKind::TooDeep, DEEPEST));
                }
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Map(Vec::new(), None), line, anchor));
                if open.len() > DEEPEST {
                    return Err(fault(ProblemKind::TooDeep, DEEPEST));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((ended, line, anchor)) = open.pop() else {
                    continue;
                };
                let content = match ended {
                    Open::List(items) => Content::List(items),
                    Open::Map(entries, _) => Content::Map(entries),
                };
                (Value { line, content }, anchor)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        values += 1;
        if values > MOST_VALUES {
            return Err(fault(ProblemKind::TooMany, MOST_VALUES));
        }
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut() {
            None => return Ok(value),
            Some((Open::List(items), ..)) => items.push(value),
            Some((Open::Map(entries, key), ..)) => match key.take() {
                Some(key) => entries.push((key, value)),
                None => {
                    *key = Some(Key {
                        line: value.line,
                        name: value.text().unwrap_or_default().to_owned(),
                    });
                }
            },
        }
    }
    // An empty text holds nothing.
    Ok(Value {
        line: None,
        content: Content::Scalar(String::new()),
    })
}

/// JSON that is no YAML, as with surrogate pairs: understood, without saying where things stand. Its depth is bounded by its reader.
fn without_lines(plain: serde_json::Value) -> Value {
    let content = match plain {
        serde_json::Value::Array(items) => {
            Content::List(items.into_iter().map(without_lines).collect())
        }
        serde_json::Value::Object(entries) => Content::Map(
            entries
                .into_iter()
                .map(|(name, value)| (Key { line: None, name }, without_lines(value)))
                .collect(),
        ),
        serde_json::Value::String(text) => Content::Scalar(text),
        other => Content::Scalar(other.to_string()),
    };
    Value {
        line: None,
        content,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_value_knows_its_line() {
        let value = parse(
            "# shop\ncanisters:\n  - name: a\n    settings: {x: 1}\n  - &b\n    name: b\n  - *b\n",
        )
        .unwrap();
        let canisters = value.get("canisters").unwrap();
        let lines: Vec<_> = canisters
            .items()
            .iter()
            .map(|item| {
                (
                    item.get("name").unwrap().line.unwrap(),
                    item.get("name").unwrap().text().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            lines,
            [(3, "a"), (6, "b"), (6, "b")],
            "an alias points to where it was written"
        );
        assert_eq!(value.entries()[0].0.line, Some(2), "keys as well");
        assert!(
            parse("").unwrap().is_nothing(),
            "an empty file is nothing, not an error"
        );
    }

    #[test]
    fn hostile_texts_end_in_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(DEEPEST)).is_ok());
        assert_eq!(parse(&nested(100)).unwrap_err().kind, ProblemKind::TooDeep);
        let deeper = parse(&nested(100_000)).unwrap_err().kind;
        assert_eq!(
            deeper,
            ProblemKind::Malformed,
            "the scanner has a limit of its own"
        );
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            let below = below.trim_end_matches(", ");
            laughs = [laughs, format!("a{level}: &a{level} [{below}]\n")].concat();
        }
        assert_eq!(
            parse(&laughs).unwrap_err().kind,
            ProblemKind::TooMany,
            "aliases of aliases are counted as what they stand for"
        );
        assert_eq!(
            parse("a: [1, 2\nb: 3").unwrap_err().kind,
            ProblemKind::Malformed
        );
        assert_eq!(
            parse("a: *nobody").unwrap_err().kind,
            ProblemKind::Malformed
        );
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (name, pattern, expected) in [
            ("shop", "*", true),
            ("shop", "s*p", true),
            ("shop", "s??p", true),
            ("shop", "s?p", false),
            ("shop", "shop*", true),
            ("", "*", true),
            ("ab", "*a", false),
            ("aab", "*ab", true),
        ] {
            assert_eq!(
                fits(name.as_bytes(), pattern.as_bytes()),
                expected,
                "{name} {pattern}"
            );
        }
        let long = "a".repeat(5_000);
        assert!(!fits(
            long.as_bytes(),
            "*a".repeat(2_000)
                .as_bytes()
                .iter()
                .chain(b"b")
                .copied()
                .collect::<Vec<_>>()
                .as_slice()
        ));
    }

    proptest! {
        #[test]
        fn no_text_brings_the_reader_down(text in r"[-\[\]{}:,&*!|>'#%@ \t\na-c0-9]{0,200}") {
            let _ = parse(&text);
        }
    }
}
