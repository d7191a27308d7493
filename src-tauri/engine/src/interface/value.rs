//! Values of known types: as JSON for forms, as text for people, as bytes for the network, and checked against their types wherever
//! they come from.
//!
//! **JSON.** Directed by the type, so that nothing is lost and nothing has to be guessed:
//!
//! | type | JSON |
//! |---|---|
//! | `null`, `reserved` | `null` |
//! | `bool` | `true`, `false` |
//! | numbers | a string: `"123"`, `"-5"`, `"1.5"`, `"inf"`, `"-inf"`, `"NaN"`; other bits of NaN as `"NaN:7ff8000000000001"` |
//! | `text` | a string |
//! | `blob` | a string of hexadecimal digits |
//! | `principal`, `service` | its text |
//! | `opt` | `null`, or `{"some": value}`, so that an `opt opt` is not ambiguous |
//! | `vec` | a list |
//! | `record` | an object by [`Field::key`]; a field that may be absent may be left out |
//! | `variant` | `{"tag": key, "value": value}`; the value of a `null` may be left out |
//! | `func` | `{"canister": text, "method": name}` |
//!
//! A value that does not fit is refused with the argument, the field, what is expected and what was found, and never repaired.

use super::{
    Argument, Field, Interface, Number, Shape, by_id, by_name, candid_types, on_own_stack,
    text::{self, LONGEST_ARGUMENTS, Trouble},
};
use crate::{Code, Error, Result};
use candid::{
    DecoderConfig, Int, Nat, Principal,
    types::value::{IDLArgs, IDLField, IDLValue, VariantValue},
};
use serde_json::{Map, Value as Json, json};
use std::fmt::Display;

/// How much work the bytes of somebody else may cause: a full reply of 3 MiB decodes with half of it, and a bomb of empty values ends
/// at some hundred megabytes.
const DECODING_QUOTA: usize = 20_000_000;

/// How deep a value may be to be shown: what is deeper can still be had as bytes. JSON parsers on the way to the screen stop earlier
/// still, but they do not fail on it.
const DEEPEST_SHOWN: usize = 400;

/// More digits than anybody types; reading them costs the square of their number.
const MOST_DIGITS: usize = 20_000;

/// Bytes of values, made readable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decoded {
    /// By the types that were expected; none if the bytes are not of them.
    pub(crate) values: Option<Vec<Json>>,
    /// As people write it.
    pub(crate) text: String,
}

impl Interface {
    /// Bytes for values that were given as JSON.
    pub fn encode_json(&self, arguments: &[Argument], values: &[Json]) -> Result<Vec<u8>> {
        self.encode(arguments, values.len(), |cursor, index, shape| {
            cursor.read_json(&values[index], shape)
        })
    }

    /// Bytes for values that were given as Candid text.
    pub fn encode_text(&self, arguments: &[Argument], values: &str) -> Result<Vec<u8>> {
        let parsed = parse_values(values)?;
        self.encode(arguments, parsed.args.len(), |cursor, index, shape| {
            cursor.fit(&parsed.args[index], shape)
        })
    }

    /// Bytes as JSON, by their types.
    pub fn decode_json(&self, arguments: &[Argument], bytes: &[u8]) -> Result<Vec<Json>> {
        on_own_stack(|| self.to_json(arguments, &self.values(arguments, bytes)?))?
    }

    /// Bytes as Candid text, by their types: names instead of numbers.
    pub fn decode_text(&self, arguments: &[Argument], bytes: &[u8]) -> Result<String> {
        on_own_stack(|| {
            let values = self.values(arguments, bytes)?;
            self.to_json(arguments, &values)?;
            self.to_text(arguments, &values)
        })?
    }

    /// Whether bytes are values of these types.
    pub fn check_bytes(&self, arguments: &[Argument], bytes: &[u8]) -> Result<()> {
        on_own_stack(|| self.values(arguments, bytes).map(drop))?
    }

    /// As much as can be told of bytes: by the types if they are of them, else by what they say of themselves.
    pub(crate) fn decode(&self, arguments: &[Argument], bytes: &[u8]) -> Result<Decoded> {
        let typed = on_own_stack(|| {
            let values = self.values(arguments, bytes)?;
            Ok(Decoded {
                values: Some(self.to_json(arguments, &values)?),
                text: self.to_text(arguments, &values)?,
            })
        })?;
        typed.or_else(|_: Error| decode_untyped(bytes))
    }

    fn encode(
        &self,
        arguments: &[Argument],
        given: usize,
        read: impl Fn(&mut Cursor<'_>, usize, &Shape) -> Result<IDLValue, Mismatch> + Sync,
    ) -> Result<Vec<u8>> {
        on_own_stack(|| {
            if given > arguments.len() {
                return Err(wrong_number(arguments.len(), given));
            }
            let mut values = Vec::with_capacity(arguments.len());
            for (index, argument) in arguments.iter().enumerate() {
                let mut cursor = Cursor {
                    interface: self,
                    path: Vec::new(),
                };
                let value = if index < given {
                    read(&mut cursor, index, &argument.shape)
                        .map_err(|mismatch| mismatch.error(index, argument))?
                } else {
                    // What is left out at the end must be able to be absent.
                    absent(self.resolve(&argument.shape))
                        .ok_or_else(|| wrong_number(arguments.len(), given))?
                };
                values.push(value);
            }
            IDLArgs { args: values }
                .to_bytes_with_types(
                    &self.environment(by_name),
                    &candid_types(arguments, by_name),
                )
                .map_err(|error| Error::new(Code::Bug, "encoding arguments").because(error))
        })?
    }

    fn values(&self, arguments: &[Argument], bytes: &[u8]) -> Result<Vec<IDLValue>> {
        let types = candid_types(arguments, by_id);
        IDLArgs::from_bytes_with_types_with_config(
            bytes,
            &self.environment(by_id),
            &types,
            &quota(),
        )
        .map(|values| values.args)
        .map_err(not_candid)
    }

    /// Values that came as bytes have numbers for names; fitted to their types they have names again.
    fn to_text(&self, arguments: &[Argument], values: &[IDLValue]) -> Result<String> {
        let name = |(argument, value): (&Argument, &IDLValue)| {
            let mut cursor = Cursor {
                interface: self,
                path: Vec::new(),
            };
            cursor
                .fit(value, &argument.shape)
                .map_err(|mismatch| mismatch.error(0, argument))
        };
        let named: Vec<IDLValue> = arguments
            .iter()
            .zip(values)
            .map(name)
            .collect::<Result<_>>()?;
        Ok(text::print(&named, false))
    }

    fn to_json(&self, arguments: &[Argument], values: &[IDLValue]) -> Result<Vec<Json>> {
        let show = |(argument, value): (&Argument, &IDLValue)| {
            json_of(self, value, &argument.shape, 0)
                .ok_or_else(|| not_candid("a value is not of its type, or nested too deeply"))
        };
        arguments.iter().zip(values).map(show).collect()
    }
}

/// Bytes for values that were given as Candid text, by the types that the text itself tells.
pub(crate) fn encode_untyped(values: &str) -> Result<Vec<u8>> {
    let parsed = parse_values(values)?;
    on_own_stack(|| {
        parsed.to_bytes().map_err(|error| {
            Error::new(Code::ArgumentMalformed, "encoding arguments")
                .with("expected", "values that tell their own types")
                .because(error)
        })
    })?
}

/// Bytes by what they say of themselves: without the names of fields.
pub(crate) fn decode_untyped(bytes: &[u8]) -> Result<Decoded> {
    on_own_stack(|| {
        let values = IDLArgs::from_bytes_with_config(bytes, &quota()).map_err(not_candid)?;
        if values
            .args
            .iter()
            .any(|value| depth_exceeds(value, DEEPEST_SHOWN))
        {
            return Err(not_candid("a value is nested too deeply"));
        }
        Ok(Decoded {
            values: None,
            text: text::print(&values.args, true),
        })
    })?
}

fn quota() -> DecoderConfig {
    let mut quota = DecoderConfig::new();
    quota
        .set_decoding_quota(DECODING_QUOTA)
        .set_skipping_quota(DECODING_QUOTA);
    quota
}

fn not_candid(why: impl Display) -> Error {
    Error::new(Code::ArgumentMalformed, "reading bytes as Candid")
        .with("expected", "bytes in Candid of the right types")
        .because(why.to_string())
}

fn wrong_number(expected: usize, given: usize) -> Error {
    Error::new(Code::ArgumentMalformed, "counting arguments")
        .with("expected", format!("{expected} arguments"))
        .with("found", given)
}

fn parse_values(values: &str) -> Result<IDLArgs> {
    let malformed = |trouble: Trouble| {
        let mut error = Error::new(Code::ArgumentMalformed, "reading arguments")
            .with("expected", "Candid text like (1, \"two\")");
        if let Some((line, column)) = trouble.place(values) {
            error = error.with("line", line).with("column", column);
        }
        error.because(trouble.reason)
    };
    text::check(values, LONGEST_ARGUMENTS).map_err(malformed)?;
    on_own_stack(|| {
        candid_parser::parse_idl_args(values).map_err(|error| malformed(Trouble::of(&error)))
    })?
}

/// The value of what may be left out.
fn absent(resolved: &Shape) -> Option<IDLValue> {
    match resolved {
        Shape::Opt(_) => Some(IDLValue::None),
        Shape::Null => Some(IDLValue::Null),
        Shape::Reserved => Some(IDLValue::Reserved),
        _ => None,
    }
}

fn depth_exceeds(value: &IDLValue, allowed: usize) -> bool {
    let Some(allowed) = allowed.checked_sub(1) else {
        return true;
    };
    match value {
        IDLValue::Opt(inner) => depth_exceeds(inner, allowed),
        IDLValue::Vec(values) => values.iter().any(|value| depth_exceeds(value, allowed)),
        IDLValue::Record(fields) => fields
            .iter()
            .any(|field| depth_exceeds(&field.val, allowed)),
        IDLValue::Variant(chosen) => depth_exceeds(&chosen.0.val, allowed),
        _ => false,
    }
}

/// Why a value is not of a type.
struct Mismatch {
    path: Vec<String>,
    expected: String,
    found: String,
}

impl Mismatch {
    fn error(self, index: usize, argument: &Argument) -> Error {
        let number = index + 1;
        let place = match &argument.name {
            Some(name) => format!("{number} ({name})"),
            None => number.to_string(),
        };
        let mut error = Error::new(Code::ArgumentMalformed, "checking arguments")
            .with("argument", place)
            .with("expected", self.expected)
            .with("found", self.found);
        if !self.path.is_empty() {
            error = error.with("field", self.path.join("."));
        }
        error
    }
}

/// Where in an argument a check is.
struct Cursor<'interface> {
    interface: &'interface Interface,
    path: Vec<String>,
}

impl Cursor<'_> {
    fn mismatch(&self, expected: impl Into<String>, found: impl Into<String>) -> Mismatch {
        Mismatch {
            path: self.path.clone(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn within<Found>(
        &mut self,
        step: impl Into<String>,
        check: impl FnOnce(&mut Self) -> Result<Found, Mismatch>,
    ) -> Result<Found, Mismatch> {
        self.path.push(step.into());
        let found = check(self)?;
        self.path.pop();
        Ok(found)
    }

    /// A value given as JSON.
    fn read_json(&mut self, value: &Json, shape: &Shape) -> Result<IDLValue, Mismatch> {
        let interface = self.interface;
        let expected = || word(shape);
        let wrong = |cursor: &Self| cursor.mismatch(expected(), json_word(value));
        match (interface.resolve(shape), value) {
            (Shape::Null, Json::Null) => Ok(IDLValue::Null),
            (Shape::Reserved, _) => Ok(IDLValue::Reserved),
            (Shape::Bool, Json::Bool(value)) => Ok(IDLValue::Bool(*value)),
            (Shape::Text, Json::String(value)) => Ok(IDLValue::Text(value.clone())),
            (Shape::Number(number), Json::String(digits)) => {
                number_of(*number, digits).ok_or_else(|| self.mismatch(expected(), shown(digits)))
            }
            (Shape::Blob, Json::String(digits)) => hex::decode(digits)
                .map(IDLValue::Blob)
                .map_err(|_| self.mismatch("hexadecimal digits", shown(digits))),
            (Shape::Principal, Json::String(id)) => self.principal(id).map(IDLValue::Principal),
            (Shape::Service(_), Json::String(id)) => self.principal(id).map(IDLValue::Service),
            (Shape::Func(_), Json::Object(function)) => {
                let id = function.get("canister").and_then(Json::as_str);
                let method = function.get("method").and_then(Json::as_str);
                let (Some(id), Some(method)) = (id, method) else {
                    return Err(self.mismatch("a canister and a method", "an object without them"));
                };
                Ok(IDLValue::Func(self.principal(id)?, method.to_owned()))
            }
            (Shape::Opt(_), Json::Null) => Ok(IDLValue::None),
            (Shape::Opt(inner), Json::Object(some)) if some.len() == 1 => {
                let inner_value = some.get("some").ok_or_else(|| wrong(self))?;
                let inner_value = self.read_json(inner_value, inner)?;
                Ok(IDLValue::Opt(Box::new(inner_value)))
            }
            (Shape::Vec(element), Json::Array(values)) => {
                let mut elements = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    elements.push(
                        self.within(index.to_string(), |cursor| cursor.read_json(value, element))?,
                    );
                }
                Ok(IDLValue::Vec(elements))
            }
            (Shape::Record(fields), Json::Object(given)) => {
                if let Some(unknown) = given
                    .keys()
                    .find(|key| fields.iter().all(|field| field.key != **key))
                {
                    return Err(self.mismatch(record_word(fields), format!("a field {unknown}")));
                }
                self.record(fields, |cursor, field| {
                    given
                        .get(&field.key)
                        .map(|value| cursor.read_json(value, &field.shape))
                })
            }
            (Shape::Variant(fields), Json::Object(given)) => {
                let tag = given.get("tag").and_then(Json::as_str);
                let (index, field) = fields
                    .iter()
                    .enumerate()
                    .find(|(_, field)| Some(field.key.as_str()) == tag)
                    .ok_or_else(|| {
                        let found = tag.map_or_else(|| "no tag".to_owned(), shown);
                        self.mismatch(variant_word(fields), found)
                    })?;
                let value = given.get("value").unwrap_or(&Json::Null);
                self.within(&field.key, |cursor| {
                    let value = cursor.read_json(value, &field.shape)?;
                    Ok(variant(index, field, value))
                })
            }
            _ => Err(wrong(self)),
        }
    }

    /// A value that was parsed from text, where numbers have no type yet.
    fn fit(&mut self, value: &IDLValue, shape: &Shape) -> Result<IDLValue, Mismatch> {
        let interface = self.interface;
        let expected = || word(shape);
        let wrong = |cursor: &Self| cursor.mismatch(expected(), value_word(value));
        match (interface.resolve(shape), value) {
            (Shape::Null, IDLValue::Null) => Ok(IDLValue::Null),
            (Shape::Reserved, _) => Ok(IDLValue::Reserved),
            (Shape::Bool, IDLValue::Bool(value)) => Ok(IDLValue::Bool(*value)),
            (Shape::Text, IDLValue::Text(value)) => Ok(IDLValue::Text(value.clone())),
            (Shape::Number(Number::Float64), IDLValue::Float64(value)) => {
                Ok(IDLValue::Float64(*value))
            }
            (Shape::Number(Number::Float32), IDLValue::Float64(value)) => {
                Ok(IDLValue::Float32(*value as f32))
            }
            (Shape::Number(number), value) => {
                let digits = digits_of(value).ok_or_else(|| wrong(self))?;
                let annotated = number_kind(value);
                if annotated.is_some_and(|annotated| annotated != *number) {
                    return Err(wrong(self));
                }
                number_of(*number, &digits).ok_or_else(|| self.mismatch(expected(), shown(&digits)))
            }
            (Shape::Blob, IDLValue::Blob(bytes)) => Ok(IDLValue::Blob(bytes.clone())),
            (Shape::Blob, IDLValue::Vec(values)) => {
                let mut bytes = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    let byte = digits_of(value).and_then(|digits| digits.parse().ok());
                    bytes.push(byte.ok_or_else(|| {
                        let mut mismatch = self.mismatch("nat8", value_word(value));
                        mismatch.path.push(index.to_string());
                        mismatch
                    })?);
                }
                Ok(IDLValue::Blob(bytes))
            }
            (Shape::Principal, IDLValue::Principal(id)) => Ok(IDLValue::Principal(*id)),
            (Shape::Service(_), IDLValue::Service(id)) => Ok(IDLValue::Service(*id)),
            (Shape::Func(_), IDLValue::Func(id, method)) => Ok(IDLValue::Func(*id, method.clone())),
            (Shape::Opt(_), IDLValue::Null | IDLValue::None) => Ok(IDLValue::None),
            (Shape::Opt(inner), IDLValue::Opt(value)) => {
                Ok(IDLValue::Opt(Box::new(self.fit(value, inner)?)))
            }
            (Shape::Vec(element), IDLValue::Vec(values)) => {
                let mut elements = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    elements
                        .push(self.within(index.to_string(), |cursor| cursor.fit(value, element))?);
                }
                Ok(IDLValue::Vec(elements))
            }
            (Shape::Record(fields), IDLValue::Record(given)) => {
                if let Some(unknown) = given
                    .iter()
                    .find(|given| fields.iter().all(|field| field.id != given.id.get_id()))
                {
                    let found = format!("a field {}", unknown.id);
                    return Err(self.mismatch(record_word(fields), found));
                }
                self.record(fields, |cursor, field| {
                    given
                        .iter()
                        .find(|given| given.id.get_id() == field.id)
                        .map(|given| cursor.fit(&given.val, &field.shape))
                })
            }
            (Shape::Variant(fields), IDLValue::Variant(chosen)) => {
                let chosen = &chosen.0;
                let (index, field) = fields
                    .iter()
                    .enumerate()
                    .find(|(_, field)| field.id == chosen.id.get_id())
                    .ok_or_else(|| self.mismatch(variant_word(fields), chosen.id.to_string()))?;
                self.within(&field.key, |cursor| {
                    let value = cursor.fit(&chosen.val, &field.shape)?;
                    Ok(variant(index, field, value))
                })
            }
            _ => Err(wrong(self)),
        }
    }

    fn principal(&self, id: &str) -> Result<Principal, Mismatch> {
        Principal::from_text(id).map_err(|_| self.mismatch("principal", shown(id)))
    }

    fn record(
        &mut self,
        fields: &[Field],
        read: impl Fn(&mut Self, &Field) -> Option<Result<IDLValue, Mismatch>>,
    ) -> Result<IDLValue, Mismatch> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.within(&field.key, |cursor| match read(cursor, field) {
                Some(value) => value,
                None => absent(cursor.interface.resolve(&field.shape))
                    .ok_or_else(|| cursor.mismatch(word(&field.shape), "nothing")),
            })?;
            values.push(IDLField {
                id: by_name(field),
                val: value,
            });
        }
        Ok(IDLValue::Record(values))
    }
}

fn variant(index: usize, field: &Field, value: IDLValue) -> IDLValue {
    let field = IDLField {
        id: by_name(field),
        val: value,
    };
    IDLValue::Variant(VariantValue(Box::new(field), index as u64))
}

/// A value as JSON; none if it is not of the type, or nested too deeply to be shown.
fn json_of(interface: &Interface, value: &IDLValue, shape: &Shape, depth: usize) -> Option<Json> {
    if depth > DEEPEST_SHOWN {
        return None;
    }
    let inner = |value, shape| json_of(interface, value, shape, depth + 1);
    Some(match (interface.resolve(shape), value) {
        (Shape::Null, IDLValue::Null) | (Shape::Reserved, _) | (Shape::Opt(_), IDLValue::None) => {
            Json::Null
        }
        (Shape::Bool, IDLValue::Bool(value)) => json!(value),
        (Shape::Text, IDLValue::Text(value)) => json!(value),
        (Shape::Number(Number::Float64), IDLValue::Float64(value)) => {
            let standard = f64::NAN.to_bits() & !(1 << 63);
            json!(if value.is_nan() && value.to_bits() != standard {
                format!("NaN:{:016x}", value.to_bits())
            } else {
                value.to_string()
            })
        }
        (Shape::Number(Number::Float32), IDLValue::Float32(value)) => {
            let standard = f32::NAN.to_bits() & !(1 << 31);
            json!(if value.is_nan() && value.to_bits() != standard {
                format!("NaN:{:08x}", value.to_bits())
            } else {
                value.to_string()
            })
        }
        (Shape::Number(_), value) => json!(digits_of(value)?),
        (Shape::Blob, IDLValue::Blob(bytes)) => json!(hex::encode(bytes)),
        // An empty list carries no element that would tell.
        (Shape::Blob, IDLValue::Vec(values)) if values.is_empty() => json!(""),
        (Shape::Principal, IDLValue::Principal(id))
        | (Shape::Service(_), IDLValue::Service(id)) => {
            json!(id.to_text())
        }
        (Shape::Func(_), IDLValue::Func(id, method)) => {
            json!({"canister": id.to_text(), "method": method})
        }
        (Shape::Opt(shape), IDLValue::Opt(value)) => json!({"some": inner(value, shape)?}),
        (Shape::Vec(shape), IDLValue::Vec(values)) => Json::Array(
            values
                .iter()
                .map(|value| inner(value, shape))
                .collect::<Option<_>>()?,
        ),
        (Shape::Record(fields), IDLValue::Record(values)) => {
            let mut object = Map::new();
            for field in fields {
                let value = values.iter().find(|value| value.id.get_id() == field.id)?;
                object.insert(field.key.clone(), inner(&value.val, &field.shape)?);
            }
            Json::Object(object)
        }
        (Shape::Variant(fields), IDLValue::Variant(chosen)) => {
            let id = chosen.0.id.get_id();
            let field = fields.iter().find(|field| field.id == id)?;
            json!({"tag": field.key, "value": inner(&chosen.0.val, &field.shape)?})
        }
        _ => return None,
    })
}

/// A number from its digits; none if it is not one of this kind.
fn number_of(number: Number, digits: &str) -> Option<IDLValue> {
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let integer = digits
        .strip_prefix('-')
        .unwrap_or(digits)
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    if !integer && !matches!(number, Number::Float32 | Number::Float64) {
        return None;
    }
    let bits = digits.strip_prefix("NaN:");
    Some(match number {
        Number::Nat => IDLValue::Nat(digits.parse::<Nat>().ok()?),
        Number::Int => IDLValue::Int(digits.parse::<Int>().ok()?),
        Number::Nat8 => IDLValue::Nat8(digits.parse().ok()?),
        Number::Nat16 => IDLValue::Nat16(digits.parse().ok()?),
        Number::Nat32 => IDLValue::Nat32(digits.parse().ok()?),
        Number::Nat64 => IDLValue::Nat64(digits.parse().ok()?),
        Number::Int8 => IDLValue::Int8(digits.parse().ok()?),
        Number::Int16 => IDLValue::Int16(digits.parse().ok()?),
        Number::Int32 => IDLValue::Int32(digits.parse().ok()?),
        Number::Int64 => IDLValue::Int64(digits.parse().ok()?),
        Number::Float32 => IDLValue::Float32(match bits {
            Some(bits) => f32::from_bits(u32::from_str_radix(bits, 16).ok()?),
            None => digits.parse().ok()?,
        }),
        Number::Float64 => IDLValue::Float64(match bits {
            Some(bits) => f64::from_bits(u64::from_str_radix(bits, 16).ok()?),
            None => digits.parse().ok()?,
        }),
    })
}

/// The digits of an integer; none for anything else.
fn digits_of(value: &IDLValue) -> Option<String> {
    Some(match value {
        IDLValue::Number(digits) => digits.clone(),
        IDLValue::Int(value) => value.0.to_string(),
        IDLValue::Nat(value) => value.0.to_string(),
        IDLValue::Nat8(value) => value.to_string(),
        IDLValue::Nat16(value) => value.to_string(),
        IDLValue::Nat32(value) => value.to_string(),
        IDLValue::Nat64(value) => value.to_string(),
        IDLValue::Int8(value) => value.to_string(),
        IDLValue::Int16(value) => value.to_string(),
        IDLValue::Int32(value) => value.to_string(),
        IDLValue::Int64(value) => value.to_string(),
        IDLValue::Float32(value) => value.to_string(),
        _ => return None,
    })
}

/// The kind that a number in text was given by an annotation.
fn number_kind(value: &IDLValue) -> Option<Number> {
    Some(match value {
        IDLValue::Int(_) => Number::Int,
        IDLValue::Nat(_) => Number::Nat,
        IDLValue::Nat8(_) => Number::Nat8,
        IDLValue::Nat16(_) => Number::Nat16,
        IDLValue::Nat32(_) => Number::Nat32,
        IDLValue::Nat64(_) => Number::Nat64,
        IDLValue::Int8(_) => Number::Int8,
        IDLValue::Int16(_) => Number::Int16,
        IDLValue::Int32(_) => Number::Int32,
        IDLValue::Int64(_) => Number::Int64,
        IDLValue::Float32(_) => Number::Float32,
        _ => return None,
    })
}

/// A type in a word or two.
fn word(shape: &Shape) -> String {
    match shape {
        Shape::Null => "null".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Number(number) => format!("{number:?}").to_lowercase(),
        Shape::Text => "text".to_owned(),
        Shape::Blob => "blob".to_owned(),
        Shape::Principal => "principal".to_owned(),
        Shape::Reserved => "reserved".to_owned(),
        Shape::Empty => "empty".to_owned(),
        Shape::Opt(inner) => format!("opt {}", word(inner)),
        Shape::Vec(inner) => format!("vec {}", word(inner)),
        Shape::Record(fields) => record_word(fields),
        Shape::Variant(fields) => variant_word(fields),
        Shape::Func(_) => "func".to_owned(),
        Shape::Service(_) => "service".to_owned(),
        Shape::Named(name) => name.clone(),
    }
}

/// So many names are listed in an error; of more, the rest is left out.
const NAMES_LISTED: usize = 8;

fn keys(fields: &[Field]) -> String {
    let mut names: Vec<&str> = fields
        .iter()
        .take(NAMES_LISTED)
        .map(|field| field.key.as_str())
        .collect();
    if fields.len() > NAMES_LISTED {
        names.push("..");
    }
    names.join(", ")
}

fn record_word(fields: &[Field]) -> String {
    format!("record {{{}}}", keys(fields))
}

fn variant_word(fields: &[Field]) -> String {
    format!("variant {{{}}}", keys(fields))
}

/// What was given, short enough for an error.
fn shown(given: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = given.chars().take(LONGEST).collect();
    let more = if short.len() < given.len() { ".." } else { "" };
    format!("{short:?}{more}")
}

fn json_word(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(value) => value.to_string(),
        Json::String(value) => shown(value),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}

fn value_word(value: &IDLValue) -> String {
    match value {
        IDLValue::Null | IDLValue::None => "null".to_owned(),
        IDLValue::Bool(value) => value.to_string(),
        IDLValue::Text(value) => shown(value),
        IDLValue::Float64(value) => value.to_string(),
        IDLValue::Blob(_) => "blob".to_owned(),
        IDLValue::Principal(_) => "principal".to_owned(),
        IDLValue::Service(_) => "service".to_owned(),
        IDLValue::Func(..) => "func".to_owned(),
        IDLValue::Opt(_) => "opt".to_owned(),
        IDLValue::Vec(_) => "vec".to_owned(),
        IDLValue::Record(_) => "record".to_owned(),
        IDLValue::Variant(chosen) => format!("variant {}", chosen.0.id),
        IDLValue::Reserved => "reserved".to_owned(),
        number => {
            let digits = digits_of(number).unwrap_or_default();
            match number_kind(number) {
                Some(kind) => format!("{} : {}", digits, format!("{kind:?}").to_lowercase()),
                None => digits,
            }
        }
    }
}
