//! `${…}`: variables, module bytes, hashes and other computed values.

use crate::library::Library;
use anyhow::{Context as _, Result, anyhow, bail};
use candid::Principal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;

/// What an expression stands for. Numbers are decimal text.
#[derive(Clone, Debug)]
pub enum Value {
    Bytes(Vec<u8>),
    Text(String),
    Principal(Principal),
}

/// The text around an expression, which decides how bytes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    /// Candid text: escapes for the inside of `blob "…"`.
    Candid,
    /// Messages, paths, hexadecimal digits: hexadecimal digits.
    Plain,
}

/// What expressions can refer to.
pub struct Scope<'a> {
    library: &'a Library,
    identities: &'a BTreeMap<&'static str, Principal>,
    variables: BTreeMap<String, Value>,
}

impl<'a> Scope<'a> {
    pub fn new(library: &'a Library, identities: &'a BTreeMap<&'static str, Principal>) -> Self {
        Self {
            library,
            identities,
            variables: BTreeMap::new(),
        }
    }

    pub fn library(&self) -> &'a Library {
        self.library
    }

    pub fn bind(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    /// The principal that a variable, an identity's name, an expression or plain text stands for.
    pub fn principal(&self, text: &str) -> Result<Principal> {
        if let Some(Value::Principal(principal)) = self.variables.get(text) {
            return Ok(*principal);
        }
        if let Some(principal) = self.identities.get(text) {
            return Ok(*principal);
        }
        let text = self.expand(text, Surroundings::Plain)?;
        Principal::from_text(&text).with_context(|| format!("principal {text:?}"))
    }

    /// Replaces every `${…}` in a text.
    pub fn expand(&self, text: &str, surroundings: Surroundings) -> Result<String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            expanded.push_str(&rest[..start]);
            let (expression, after) = split(&rest[start..])?;
            expanded.push_str(&self.evaluate(expression)?.render(surroundings));
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// The value of an expression, given without `${` and `}`.
    pub fn evaluate(&self, expression: &str) -> Result<Value> {
        let Some((function, rest)) = expression.split_once(':') else {
            let value = self.variables.get(expression).cloned();
            return value.ok_or_else(|| anyhow!("undefined variable ${{{expression}}}"));
        };
        Ok(match function {
            "wasm" => Value::Bytes(self.library.module(rest)?),
            "principal" => {
                let identity = self.identities.get(rest);
                Value::Principal(*identity.ok_or_else(|| anyhow!("no identity {rest}"))?)
            }
            "bytes" => Value::Bytes(hex::decode(rest)?),
            "raw" => Value::Bytes(self.bytes(rest)?),
            "hex" => Value::Text(hex::encode(self.bytes(rest)?)),
            "len" => Value::Text(self.bytes(rest)?.len().to_string()),
            "sha256" => Value::Bytes(Sha256::digest(self.bytes(rest)?).to_vec()),
            "gzip" => {
                let mut packer =
                    flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
                packer.write_all(&self.bytes(rest)?)?;
                Value::Bytes(packer.finish()?)
            }
            "repeat" => {
                let (byte, count) = rest.split_once(':').context("repeat:BYTE:COUNT")?;
                Value::Bytes(vec![u8::from_str_radix(byte, 16)?; count.parse()?])
            }
            "slice" => {
                let mut parts = rest.splitn(3, ':');
                let (Some(offset), Some(length), Some(whole)) =
                    (parts.next(), parts.next(), parts.next())
                else {
                    bail!("slice:OFFSET:LENGTH:EXPRESSION")
                };
                let whole = self.bytes(whole)?;
                let start = offset.parse::<usize>()?.min(whole.len());
                let end = (start + length.parse::<usize>()?).min(whole.len());
                Value::Bytes(whole[start..end].to_vec())
            }
            "sum" => {
                let mut sum = 0;
                for term in rest.split('+') {
                    sum += match term.parse() {
                        Ok(number) => number,
                        Err(_) => self.number(term)?,
                    };
                }
                Value::Text(sum.to_string())
            }
            "plus" => {
                let (name, more) = rest.split_once(':').context("plus:VARIABLE:NUMBER")?;
                Value::Text((self.number(name)? + more.parse::<i128>()?).to_string())
            }
            "candid" => Value::Bytes(self.encode(rest, None, "")?),
            _ => match function
                .strip_prefix("candid@")
                .and_then(|place| place.split_once('.'))
            {
                Some((interface, method)) => {
                    Value::Bytes(self.encode(rest, Some(interface), method)?)
                }
                None => bail!("unknown function {function} in ${{{expression}}}"),
            },
        })
    }

    /// The number that an expression stands for.
    pub fn number(&self, expression: &str) -> Result<i128> {
        match self.evaluate(expression)? {
            Value::Text(text) => text
                .parse()
                .with_context(|| format!("{expression} is no number: {text}")),
            value => bail!("{expression} is no number: {value:?}"),
        }
    }

    /// The bytes of whatever an expression stands for.
    pub fn bytes(&self, expression: &str) -> Result<Vec<u8>> {
        Ok(match self.evaluate(expression)? {
            Value::Bytes(bytes) => bytes,
            Value::Principal(principal) => principal.as_slice().to_vec(),
            Value::Text(text) => text.into_bytes(),
        })
    }

    fn encode(&self, text: &str, interface: Option<&str>, method: &str) -> Result<Vec<u8>> {
        self.library
            .encode(&self.expand(text, Surroundings::Candid)?, interface, method)
    }
}

impl Value {
    fn render(&self, surroundings: Surroundings) -> String {
        match self {
            Self::Bytes(bytes) if surroundings == Surroundings::Candid => escape(bytes),
            Self::Bytes(bytes) => hex::encode(bytes),
            Self::Text(text) => text.clone(),
            Self::Principal(principal) => principal.to_text(),
        }
    }
}

/// The expression at the beginning of a text that starts with `${`, and what follows its `}`. Braces may be nested.
pub fn split(text: &str) -> Result<(&str, &str)> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Ok((&text["${".len()..at], &text[at + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
    }
    bail!("unclosed ${{ in {text:?}")
}

/// Bytes as they stand in `blob "…"`.
pub fn escape(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:02x}");
    }
    text
}
