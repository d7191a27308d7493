//! Expected Candid values: ordinary Candid text with placeholders, compared by value.
//!
//! To the Candid parser a placeholder is a text literal in brackets that no vector uses otherwise. Numbers are compared
//! whatever their type, blobs and vectors of bytes are the same thing, and so are a field that is absent and one that is null.

use crate::expression::{Scope, Surroundings, Value, split};
use crate::library;
use anyhow::{Result, bail, ensure};
use candid::IDLArgs;
use candid::types::value::IDLValue;

const OPEN: char = '\u{27e6}';
const CLOSE: char = '\u{27e7}';

/// Reads an expectation. Expressions inside quotes are replaced by their values, those outside become placeholders.
pub fn parse(text: &str, scope: &Scope) -> Result<IDLArgs> {
    let mut marked = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(character) = rest.chars().next() {
        if rest.starts_with("${") {
            let (expression, after) = split(rest)?;
            if quoted {
                let whole = &rest[..rest.len() - after.len()];
                marked.push_str(&scope.expand(whole, Surroundings::Candid)?);
            } else {
                marked.push_str(&bracketed(expression));
            }
            rest = after;
            continue;
        }
        // What follows a backslash belongs to it: an escaped quotation mark does not end the text.
        let length = rest
            .chars()
            .take(if quoted && character == '\\' { 2 } else { 1 })
            .map(char::len_utf8)
            .sum();
        let (piece, after) = rest.split_at(length);
        match piece {
            "*" if !quoted => marked.push_str(&bracketed(piece)),
            _ => marked.push_str(piece),
        }
        quoted ^= piece == "\"";
        rest = after;
    }
    library::parse(&marked)
}

/// A placeholder as the Candid parser sees it.
fn bracketed(placeholder: &str) -> String {
    format!("\"{OPEN}{placeholder}{CLOSE}\"")
}

/// Compares; what is captured becomes a variable.
pub fn check(expected: &IDLArgs, found: &IDLArgs, scope: &mut Scope) -> Result<()> {
    let (count, limit) = (expected.args.len(), found.args.len());
    ensure!(count <= limit, "{count} values expected, {limit} returned");
    for (number, (expected, found)) in expected.args.iter().zip(&found.args).enumerate() {
        let place = if count == 1 {
            String::new()
        } else {
            format!("[{number}]")
        };
        check_value(expected, found, scope, &place)?;
    }
    Ok(())
}

fn check_value(
    expected: &IDLValue,
    found: &IDLValue,
    scope: &mut Scope,
    place: &str,
) -> Result<()> {
    use IDLValue::{
        Bool, None as Empty, Null, Opt, Principal, Record, Reserved, Service, Text, Variant, Vec,
    };
    if let Some(placeholder) = placeholder(expected) {
        return check_placeholder(placeholder, found, scope, place);
    }
    let fits = match (expected, found) {
        (Record(expected), Record(found)) => {
            for field in expected {
                let place = format!("{place}.{}", field.id);
                match found
                    .iter()
                    .find(|other| other.id.get_id() == field.id.get_id())
                {
                    Some(other) => check_value(&field.val, &other.val, scope, &place)?,
                    None => ensure!(matches!(field.val, Null | Empty), "{place}: no such field"),
                }
            }
            return Ok(());
        }
        (Variant(expected), Variant(found)) if expected.0.id.get_id() == found.0.id.get_id() => {
            let place = format!("{place}.{}", expected.0.id);
            return check_value(&expected.0.val, &found.0.val, scope, &place);
        }
        (Opt(expected), Opt(found)) => return check_value(expected, found, scope, place),
        (Null | Empty | Reserved, Null | Empty | Reserved) => true,
        (Text(expected), Text(found)) => expected == found,
        (Bool(expected), Bool(found)) => expected == found,
        (Principal(expected), Principal(found) | Service(found)) => expected == found,
        _ => match (blob(expected), blob(found), expected, found) {
            (Some(expected), Some(found), ..) => expected == found,
            (_, _, Vec(all), Vec(others)) => {
                let (count, other_count) = (all.len(), others.len());
                ensure!(
                    count == other_count,
                    "{place}: {count} elements expected, {other_count} found: {}",
                    short(found)
                );
                for (number, (expected, found)) in all.iter().zip(others).enumerate() {
                    check_value(expected, found, scope, &format!("{place}[{number}]"))?;
                }
                return Ok(());
            }
            _ => match (digits(expected), digits(found)) {
                (Some(expected), Some(found)) => expected == found,
                _ => float(expected).is_some_and(|expected| Some(expected) == float(found)),
            },
        },
    };
    ensure!(
        fits,
        "{place}: expected {}, found {}",
        short(expected),
        short(found)
    );
    Ok(())
}

/// What stands between the brackets.
fn placeholder(value: &IDLValue) -> Option<&str> {
    match value {
        IDLValue::Text(text) => text.strip_prefix(OPEN)?.strip_suffix(CLOSE),
        _ => None,
    }
}

fn check_placeholder(
    placeholder: &str,
    found: &IDLValue,
    scope: &mut Scope,
    place: &str,
) -> Result<()> {
    match placeholder.split_once(':') {
        None if placeholder == "*" => {}
        Some(("capture", name)) => {
            let value = match (found, digits(found), blob(found)) {
                (IDLValue::Principal(principal), ..) => Value::Principal(*principal),
                (IDLValue::Text(text), ..) => Value::Text(text.clone()),
                (_, Some(number), _) => Value::Text(number),
                (_, _, Some(bytes)) => Value::Bytes(bytes),
                _ => bail!("{place}: cannot capture {}", short(found)),
            };
            scope.bind(name, value);
        }
        Some((comparison @ ("gt" | "ge"), name)) => {
            let bound = scope.number(name)?;
            let Some(number) = digits(found) else {
                bail!("{place}: {} is no number", short(found))
            };
            let number: i128 = number.parse()?;
            let fits = number > bound || (comparison == "ge" && number == bound);
            ensure!(fits, "{place}: {number} is not {comparison} {bound}");
        }
        Some(("starts", beginning)) => {
            let bytes = match found {
                IDLValue::Text(text) => Some(text.clone().into_bytes()),
                _ => blob(found),
            };
            let fits = bytes.is_some_and(|bytes| bytes.starts_with(beginning.as_bytes()));
            ensure!(
                fits,
                "{place}: {} does not start with {beginning:?}",
                short(found)
            );
        }
        _ => {
            let expected = IDLValue::Number(scope.number(placeholder)?.to_string());
            return check_value(&expected, found, scope, place);
        }
    }
    Ok(())
}

/// A whole number in decimal digits, whatever its type.
fn digits(value: &IDLValue) -> Option<String> {
    use IDLValue::{Int, Int8, Int16, Int32, Int64, Nat, Nat8, Nat16, Nat32, Nat64, Number};
    Some(match value {
        Number(digits) => digits.replace('_', ""),
        Int(number) => number.0.to_string(),
        Nat(number) => number.0.to_string(),
        Nat8(number) => number.to_string(),
        Nat16(number) => number.to_string(),
        Nat32(number) => number.to_string(),
        Nat64(number) => number.to_string(),
        Int8(number) => number.to_string(),
        Int16(number) => number.to_string(),
        Int32(number) => number.to_string(),
        Int64(number) => number.to_string(),
        _ => return None,
    })
}

/// A number that may have a fraction.
fn float(value: &IDLValue) -> Option<f64> {
    match value {
        IDLValue::Float32(number) => Some(f64::from(*number)),
        IDLValue::Float64(number) => Some(*number),
        _ => digits(value)?.parse().ok(),
    }
}

/// Bytes, however they are written.
fn blob(value: &IDLValue) -> Option<Vec<u8>> {
    match value {
        IDLValue::Blob(bytes) => Some(bytes.clone()),
        IDLValue::Vec(all) => {
            let bytes = all.iter().map(|one| match one {
                IDLValue::Nat8(byte) => Some(*byte),
                _ => None,
            });
            bytes.collect()
        }
        _ => None,
    }
}

/// The bytes of a reply of type `(blob)` or `(opt blob)`.
pub fn blob_of(reply: &IDLArgs) -> Option<Vec<u8>> {
    match reply.args.first()? {
        IDLValue::Opt(value) => blob(value),
        value => blob(value),
    }
}

/// The principal in a field of the first value.
pub fn principal_in(arguments: &IDLArgs, names: &[&str]) -> Option<candid::Principal> {
    let IDLValue::Record(fields) = arguments.args.first()? else {
        return None;
    };
    fields.iter().find_map(|field| match field.val {
        IDLValue::Principal(principal) if names.contains(&field.id.to_string().as_str()) => {
            Some(principal)
        }
        _ => None,
    })
}

/// A value in one line, as far as anybody reads.
fn short(value: &IDLValue) -> String {
    let text = value.to_string();
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(240).collect()
}
