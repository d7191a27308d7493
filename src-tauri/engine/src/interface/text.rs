//! Candid as text: how much of it is read at all, where a mistake is, and values the way people write them.
//!
//! Values are printed by our own few lines: what the library prints cannot always be read again (it writes a NUL as `\0` and quotes no
//! name inside a deep value), and what is shown here must be usable as input.

use candid::types::{
    Label,
    value::{IDLField, IDLValue},
};
use std::fmt::Write as _;

/// The longest text of an interface: the network's own limit for all metadata of a module.
pub(super) const LONGEST_INTERFACE: usize = 1 << 20;

/// The longest text of arguments: a full message of 2 MiB, each byte written as four characters.
pub(super) const LONGEST_ARGUMENTS: usize = 8 << 20;

/// How deep types and values may be nested in text. People stop at ten.
const DEEPEST: usize = 500;

/// How many types may be declared. The library looks for circles from each of them, so its work grows with the square; the largest
/// interfaces on the network declare some hundreds.
const MOST_TYPES: usize = 2_000;

/// How many comments may follow each other: the tokenizer calls itself for each.
const MOST_COMMENTS: usize = 10_000;

/// The longest name or number: the tokenizer, unless it was optimised, calls itself for each character of them.
const LONGEST_WORD: usize = 20_000;

/// Where text is not understood, and why.
#[derive(Debug)]
pub(super) struct Trouble {
    offset: Option<usize>,
    pub(super) reason: String,
}

impl Trouble {
    fn at(offset: usize, reason: &str) -> Self {
        Self {
            offset: Some(offset),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn of(error: &candid_parser::Error) -> Self {
        let report = error.report();
        let place = report.labels.first();
        let mut reason = place.map_or(report.message, |place| place.message.clone());
        for note in report.notes {
            reason.push_str("; ");
            reason.push_str(&note.to_lowercase());
        }
        Self {
            offset: place.map(|place| place.range.start),
            reason,
        }
    }

    /// Line and column, counted from one as editors do.
    pub(super) fn place(&self, text: &str) -> Option<(usize, usize)> {
        let before = text.get(..self.offset?.min(text.len()))?;
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |last| last.chars().count())
            + 1;
        Some((line, column))
    }
}

/// Whether text is within the bounds that make it safe to be parsed. Whether it is Candid at all is the parser's to say.
pub(super) fn check(text: &str, longest: usize) -> Result<(), Trouble> {
    if text.len() > longest {
        return Err(Trouble::at(longest, "the text is too long"));
    }
    let mut nesting = Nesting::default();
    let (mut types, mut comments) = (0, 0);
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let length = match byte {
            b'/' if rest.starts_with(b"//") => {
                comments += 1;
                until(rest, |byte| byte == b'\n')
            }
            b'/' if rest.starts_with(b"/*") => {
                comments += 1;
                block_comment(rest)
            }
            b' ' | b'\t' | b'\r' | b'\n' => 1,
            _ => {
                comments = 0;
                match byte {
                    b'"' => {
                        nesting.value();
                        string(rest)
                    }
                    b'{' | b'(' => {
                        nesting.open();
                        1
                    }
                    b'}' | b')' => {
                        nesting.close();
                        1
                    }
                    byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                        let length =
                            until(rest, |byte| !byte.is_ascii_alphanumeric() && byte != b'_');
                        if length > LONGEST_WORD {
                            return Err(Trouble::at(at, "a name or a number is too long"));
                        }
                        match &rest[..length] {
                            b"opt" | b"vec" => nesting.prefix(),
                            b"record" | b"variant" | b"func" | b"service" | b"principal" => {}
                            word => {
                                types += usize::from(word == b"type");
                                nesting.value();
                            }
                        }
                        length
                    }
                    _ => 1,
                }
            }
        };
        if nesting.depth > DEEPEST {
            return Err(Trouble::at(at, "it is nested too deeply"));
        }
        if types > MOST_TYPES {
            return Err(Trouble::at(at, "it declares too many types"));
        }
        if comments > MOST_COMMENTS {
            return Err(Trouble::at(at, "too many comments follow each other"));
        }
        at += length;
    }
    Ok(())
}

/// How deep the tree is that a parser makes of what was read so far.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// Prefixes since the last value at this level.
    prefixes: usize,
    /// The same for the levels around it.
    outer: Vec<usize>,
}

impl Nesting {
    fn prefix(&mut self) {
        self.prefixes += 1;
        self.depth += 1;
    }

    /// What the prefixes stand before is complete.
    fn value(&mut self) {
        self.depth -= self.prefixes;
        self.prefixes = 0;
    }

    fn open(&mut self) {
        self.outer.push(self.prefixes);
        self.prefixes = 0;
        self.depth += 1;
    }

    fn close(&mut self) {
        self.value();
        if let Some(prefixes) = self.outer.pop() {
            self.depth -= 1;
            self.prefixes = prefixes;
            self.value();
        }
    }
}

fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| ends(*byte))
        .unwrap_or(bytes.len())
}

fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut at, mut open) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            open += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            open -= 1;
            at += 2;
            if open == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(bytes.len())
}

/// Values as people write them, over several lines where one would be long. Types are written along if nobody will know them who
/// reads it.
pub(super) fn print(values: &[IDLValue], with_types: bool) -> String {
    let printer = Printer {
        with_types,
        limit: None,
    };
    let mut text = String::new();
    printer.list(
        &mut text,
        "(",
        ")",
        ",",
        values,
        0,
        |printer, value, text, indent| {
            printer.annotated(text, value, indent);
        },
    );
    text
}

/// As much as fits on a line of a window without scrolling.
const LINE: usize = 80;

struct Printer {
    with_types: bool,
    /// While it is tried whether something fits on a line: how long the text may become before that is given up.
    limit: Option<usize>,
}

impl Printer {
    /// Puts items between brackets: on one line if they fit, else one a line.
    #[expect(
        clippy::too_many_arguments,
        reason = "the brackets of one construct each"
    )]
    fn list<Item>(
        &self,
        text: &mut String,
        open: &str,
        close: &str,
        separator: &str,
        items: &[Item],
        indent: usize,
        print: impl Fn(&Self, &Item, &mut String, usize),
    ) {
        text.push_str(open);
        let start = text.len();
        // Inside of something that is tried on one line, nothing else is tried: each value is tried once a level, no more.
        let limit = self.limit.unwrap_or(start + LINE);
        let flat = Self {
            limit: Some(limit),
            ..*self
        };
        let padding = if open.ends_with('{') && !items.is_empty() {
            " "
        } else {
            ""
        };
        text.push_str(padding);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_str(separator);
                text.push(' ');
            }
            print(&flat, item, text, indent);
            if text.len() > limit {
                break;
            }
        }
        if self.limit.is_none() && text.len() > limit {
            text.truncate(start);
            for item in items {
                new_line(text, indent + 1);
                print(self, item, text, indent + 1);
                text.push_str(separator);
            }
            new_line(text, indent);
        } else {
            text.push_str(padding);
        }
        text.push_str(close);
    }

    /// A value with its type, where that has to be said.
    fn annotated(&self, text: &mut String, value: &IDLValue, indent: usize) {
        self.value(text, value, indent);
        if let Some(name) = type_name(value).filter(|_| self.with_types) {
            let _ = write!(text, " : {name}");
        }
    }

    fn value(&self, text: &mut String, value: &IDLValue, indent: usize) {
        let _ = match value {
            IDLValue::Bool(value) => write!(text, "{value}"),
            IDLValue::Null | IDLValue::None | IDLValue::Reserved => write!(text, "null"),
            IDLValue::Text(value) => {
                quote(text, value);
                Ok(())
            }
            IDLValue::Number(value) => write!(text, "{value}"),
            IDLValue::Int(value) => write!(text, "{}", value.0),
            IDLValue::Nat(value) => write!(text, "{}", value.0),
            IDLValue::Nat8(value) => write!(text, "{value}"),
            IDLValue::Nat16(value) => write!(text, "{value}"),
            IDLValue::Nat32(value) => write!(text, "{value}"),
            IDLValue::Nat64(value) => write!(text, "{value}"),
            IDLValue::Int8(value) => write!(text, "{value}"),
            IDLValue::Int16(value) => write!(text, "{value}"),
            IDLValue::Int32(value) => write!(text, "{value}"),
            IDLValue::Int64(value) => write!(text, "{value}"),
            IDLValue::Float32(value) => {
                float(text, f64::from(*value), &value.to_string());
                Ok(())
            }
            IDLValue::Float64(value) => {
                float(text, *value, &value.to_string());
                Ok(())
            }
            IDLValue::Principal(id) => write!(text, "principal \"{id}\""),
            IDLValue::Service(id) => write!(text, "service \"{id}\""),
            IDLValue::Func(id, method) => {
                let _ = write!(text, "func \"{id}\".");
                name(text, method);
                Ok(())
            }
            IDLValue::Blob(bytes) => {
                blob(text, bytes);
                Ok(())
            }
            IDLValue::Opt(inner) => {
                text.push_str("opt ");
                if self.with_types && type_name(inner).is_some() {
                    text.push('(');
                    self.annotated(text, inner, indent);
                    text.push(')');
                } else {
                    self.value(text, inner, indent);
                }
                Ok(())
            }
            IDLValue::Vec(values) => {
                self.list(
                    text,
                    "vec {",
                    "}",
                    ";",
                    values,
                    indent,
                    |printer, value, text, indent| {
                        printer.annotated(text, value, indent);
                    },
                );
                Ok(())
            }
            IDLValue::Record(fields) => {
                let is_tuple = fields
                    .iter()
                    .enumerate()
                    .all(|(index, field)| field.id.get_id() as usize == index);
                self.list(
                    text,
                    "record {",
                    "}",
                    ";",
                    fields,
                    indent,
                    |printer, field, text, indent| {
                        if !is_tuple {
                            field_name(text, field);
                            text.push_str(" = ");
                        }
                        printer.annotated(text, &field.val, indent);
                    },
                );
                Ok(())
            }
            IDLValue::Variant(chosen) => {
                text.push_str("variant { ");
                field_name(text, &chosen.0);
                if chosen.0.val != IDLValue::Null {
                    text.push_str(" = ");
                    self.annotated(text, &chosen.0.val, indent);
                }
                text.push_str(" }");
                Ok(())
            }
        };
    }
}

fn new_line(text: &mut String, indent: usize) {
    text.push('\n');
    for _ in 0..indent {
        text.push_str("  ");
    }
}

/// The type of a value that text alone does not tell.
fn type_name(value: &IDLValue) -> Option<&'static str> {
    Some(match value {
        IDLValue::Nat(_) => "nat",
        IDLValue::Nat8(_) => "nat8",
        IDLValue::Nat16(_) => "nat16",
        IDLValue::Nat32(_) => "nat32",
        IDLValue::Nat64(_) => "nat64",
        IDLValue::Int8(_) => "int8",
        IDLValue::Int16(_) => "int16",
        IDLValue::Int32(_) => "int32",
        IDLValue::Int64(_) => "int64",
        IDLValue::Float32(_) => "float32",
        IDLValue::Reserved => "reserved",
        _ => return None,
    })
}

/// Candid tells floats from integers by the dot. It has no word for infinity, but a number that is read as it; for what is not a
/// number it has nothing, and so that cannot be read again.
fn float(text: &mut String, value: f64, shortest: &str) {
    let shown = match value {
        f64::INFINITY => "1e999",
        f64::NEG_INFINITY => "-1e999",
        _ => shortest,
    };
    text.push_str(shown);
    if value.is_finite() && !shown.contains('.') {
        text.push_str(".0");
    }
}

fn field_name(text: &mut String, field: &IDLField) {
    match &field.id {
        Label::Named(named) => name(text, named),
        Label::Id(id) | Label::Unnamed(id) => {
            let _ = write!(text, "{id}");
        }
    }
}

/// Words of the grammar, which cannot be names without quotes.
const KEYWORDS: [&str; 17] = [
    "blob",
    "composite_query",
    "false",
    "func",
    "import",
    "null",
    "oneway",
    "opt",
    "principal",
    "query",
    "record",
    "service",
    "true",
    "type",
    "variant",
    "vec",
    "assert",
];

fn name(text: &mut String, name: &str) {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && !KEYWORDS.contains(&name) {
        text.push_str(name);
    } else {
        quote(text, name);
    }
}

fn quote(text: &mut String, content: &str) {
    text.push('"');
    for character in content.chars() {
        let _ = match character {
            '"' => write!(text, "\\\""),
            '\\' => write!(text, "\\\\"),
            '\n' => write!(text, "\\n"),
            '\t' => write!(text, "\\t"),
            '\r' => write!(text, "\\r"),
            character if character.is_control() => {
                write!(text, "\\u{{{:x}}}", u32::from(character))
            }
            character => write!(text, "{character}"),
        };
    }
    text.push('"');
}

/// Bytes as text where they read as text, else all of them in hexadecimal.
fn blob(text: &mut String, bytes: &[u8]) {
    text.push_str("blob \"");
    let readable = |byte: &u8| (0x20..0x7f).contains(byte) && !matches!(byte, b'"' | b'\\');
    if bytes.iter().all(readable) {
        text.push_str(&String::from_utf8_lossy(bytes));
    } else {
        for byte in bytes {
            let _ = write!(text, "\\{byte:02x}");
        }
    }
    text.push('"');
}
