//! Interfaces and calls: what a canister can be asked, as types that a form can be built from, and what came of asking.
//!
//! Values cross as [`Value`], directed by their [`Shape`], so that nothing is lost and the front end never parses Candid:
//!
//! | shape | value |
//! |---|---|
//! | `null`, `reserved` | `null` |
//! | `bool` | `true`, `false` |
//! | `number` | a string: `"123"`, `"-5"`, `"1.5"`, `"inf"`, `"-inf"`, `"NaN"` |
//! | `text` | a string |
//! | `blob` | a string of hexadecimal digits |
//! | `principal`, `service` | its text |
//! | `opt` | `null`, or `{some: value}` |
//! | `vec` | a list |
//! | `record` | an object by `key`; a field that is `opt`, `null` or `reserved` may be left out |
//! | `variant` | `{tag: key, value: value}`; the value of a `null` may be left out |
//! | `func` | `{canister: text, method: name}` |
//! | `named` | that of the type with this name |

use crate::{Api, failure::Failure};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A value of a known type; see the head of this file for the form.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct Value(
    #[ts(type = "null | boolean | string | Value[] | { [key: string]: Value }")] serde_json::Value,
);

/// What can be asked of a canister.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// As its author wrote it.
    pub text: String,
    /// Named types. They may refer to each other and to themselves.
    pub types: BTreeMap<String, Shape>,
    /// What can be called, in the order of names.
    pub methods: Vec<Method>,
    /// What an installation takes; null where the interface does not say.
    pub init: Option<Vec<Argument>>,
}

/// A method.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// What it is called.
    pub name: String,
    /// What it takes and gives.
    pub signature: Signature,
    /// The comment above it, line by line.
    pub docs: Vec<String>,
}

/// What a function takes and gives.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// How it may be called.
    pub kind: MethodKind,
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// What it gives.
    pub results: Vec<Argument>,
}

/// One of the values that a function takes or gives.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Argument {
    /// What the author calls it; null where they do not.
    pub name: Option<String>,
    /// Its type.
    pub shape: Shape,
}

/// A type.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Shape {
    /// Nothing to say.
    Null,
    /// Yes or no.
    Bool,
    /// A number.
    Number {
        /// Which numbers.
        number: NumberKind,
    },
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// The id of somebody.
    Principal,
    /// Any value, which nobody looks at.
    Reserved,
    /// No value at all.
    Empty,
    /// A value or none.
    Opt {
        /// Of what.
        inner: Box<Self>,
    },
    /// A list.
    Vec {
        /// Of what.
        inner: Box<Self>,
    },
    /// All of these. Keys `_0_`, `_1_` and so on without names make a tuple.
    Record {
        /// Its fields.
        fields: Vec<ShapeField>,
    },
    /// One of these.
    Variant {
        /// The choices.
        fields: Vec<ShapeField>,
    },
    /// A reference to a method of a canister.
    Func {
        /// What the method takes and gives.
        signature: Box<Signature>,
    },
    /// A reference to a canister.
    Service {
        /// What it can be asked.
        methods: Vec<Method>,
    },
    /// One of the named types.
    Named {
        /// Which.
        name: String,
    },
}

/// A field of a record, or a choice of a variant.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ShapeField {
    /// What stands for it in a value.
    pub key: String,
    /// Its name; null where it has a number only.
    pub name: Option<String>,
    /// What it holds.
    pub shape: Shape,
}

/// Mirrors enums of the engine that come in as well as go out.
macro_rules! both_ways {
    ($($(#[doc = $doc:literal])+ $name:ident = $engine:ident { $($variant:ident),+ $(,)? })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "documented where the engine declares them")]
        pub enum $name { $($variant),+ }

        impl From<engine::$engine> for $name {
            fn from(value: engine::$engine) -> Self {
                match value { $(engine::$engine::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for engine::$engine {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}

pub(crate) use both_ways;

both_ways! {
    /// How a method may be called.
    MethodKind = MethodKind { Update, Query, CompositeQuery, Oneway }
    /// The kinds of numbers: the types of Candid with these names.
    NumberKind = Number {
        Nat, Int, Nat8, Nat16, Nat32, Nat64, Int8, Int16, Int32, Int64, Float32, Float64,
    }
    /// How a method is called: by a query, quickly and without proof, or by an update, certified.
    Manner = Manner { Query, Update }
    /// How a call ended.
    CallEnd = Ended { Replied, Rejected, Failed, Unknown }
}

/// Arguments, the way a person gives them.
#[derive(Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Arguments {
    /// A value for each.
    Values {
        /// By their types.
        values: Vec<Value>,
    },
    /// Candid text.
    Text {
        /// For example `(1, "two")`.
        text: String,
    },
    /// The bytes that are sent.
    Bytes {
        /// Hexadecimal.
        bytes: String,
    },
}

/// Arguments in every form at once.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ArgumentForms {
    /// By their types; null where these are not known, or the bytes are not of them.
    pub values: Option<Vec<Value>>,
    /// As Candid text; null if they are not Candid.
    pub text: Option<String>,
    /// The bytes that would be sent, hexadecimal.
    pub bytes: String,
}

/// What came of a call.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CallAnswer {
    /// The reply, or why there is none.
    pub outcome: CallOutcome,
    /// Whether a certificate of the network proves it; otherwise one machine signed it.
    pub is_certified: bool,
    /// Milliseconds from sending to knowing.
    pub took: f64,
}

/// The reply to a call, or why there is none.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CallOutcome {
    /// The canister replied.
    Replied {
        /// By the types that the interface promises; null where it promises none, or the reply is not of them.
        values: Option<Vec<Value>>,
        /// As Candid text; null if it is not Candid.
        text: Option<String>,
        /// The bytes that came, hexadecimal.
        bytes: String,
    },
    /// It was rejected: an answer too.
    Rejected {
        /// The number of the reject code, 1 to 5.
        code: u8,
        /// The network's own code, for example `IC0503`; null where it has none.
        error_code: Option<String>,
        /// What the canister or the network says.
        message: String,
    },
}

/// A call that was made.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecentCall {
    /// Which method.
    pub method: String,
    /// How.
    pub manner: Manner,
    /// With what, as Candid text; null where it was long, or looked like a secret.
    pub arguments: Option<String>,
    /// How it ended.
    pub ended: CallEnd,
    /// When, in milliseconds since 1970.
    pub at: f64,
}

impl From<engine::Interface> for Interface {
    fn from(interface: engine::Interface) -> Self {
        Self {
            text: interface.text,
            types: interface
                .types
                .into_iter()
                .map(|(name, shape)| (name, shape.into()))
                .collect(),
            methods: all(interface.methods),
            init: interface.init.map(all),
        }
    }
}

/// Each of them as it crosses.
pub(crate) fn all<From, Into: std::convert::From<From>>(list: Vec<From>) -> Vec<Into> {
    list.into_iter().map(Into::from).collect()
}

impl From<engine::Method> for Method {
    fn from(method: engine::Method) -> Self {
        Self {
            name: method.name,
            signature: method.signature.into(),
            docs: method.docs,
        }
    }
}

impl From<engine::Signature> for Signature {
    fn from(signature: engine::Signature) -> Self {
        Self {
            kind: signature.kind.into(),
            arguments: all(signature.arguments),
            results: all(signature.results),
        }
    }
}

impl From<engine::Argument> for Argument {
    fn from(argument: engine::Argument) -> Self {
        Self {
            name: argument.name,
            shape: argument.shape.into(),
        }
    }
}

impl From<engine::Field> for ShapeField {
    fn from(field: engine::Field) -> Self {
        Self {
            key: field.key,
            name: field.name,
            shape: field.shape.into(),
        }
    }
}

impl From<engine::Shape> for Shape {
    fn from(shape: engine::Shape) -> Self {
        match shape {
            engine::Shape::Null => Self::Null,
            engine::Shape::Bool => Self::Bool,
            engine::Shape::Number(number) => Self::Number {
                number: number.into(),
            },
            engine::Shape::Text => Self::Text,
            engine::Shape::Blob => Self::Blob,
            engine::Shape::Principal => Self::Principal,
            engine::Shape::Reserved => Self::Reserved,
            engine::Shape::Empty => Self::Empty,
            engine::Shape::Opt(inner) => Self::Opt {
                inner: Box::new((*inner).into()),
            },
            engine::Shape::Vec(inner) => Self::Vec {
                inner: Box::new((*inner).into()),
            },
            engine::Shape::Record(fields) => Self::Record {
                fields: all(fields),
            },
            engine::Shape::Variant(fields) => Self::Variant {
                fields: all(fields),
            },
            engine::Shape::Func(signature) => Self::Func {
                signature: Box::new((*signature).into()),
            },
            engine::Shape::Service(methods) => Self::Service {
                methods: all(methods),
            },
            engine::Shape::Named(name) => Self::Named { name },
        }
    }
}

impl Arguments {
    /// What the engine takes.
    pub(crate) fn read(self) -> Result<engine::Arguments, engine::Error> {
        Ok(match self {
            Self::Values { values } => {
                engine::Arguments::Values(values.into_iter().map(|value| value.0).collect())
            }
            Self::Text { text } => engine::Arguments::Text(text),
            Self::Bytes { bytes } => {
                let bytes = hex::decode(bytes.trim()).map_err(|error| {
                    engine::Error::new(engine::Code::ArgumentMalformed, "reading bytes")
                        .with("expected", "hexadecimal digits")
                        .because(error)
                })?;
                engine::Arguments::Bytes(bytes)
            }
        })
    }
}

fn values(values: Option<Vec<serde_json::Value>>) -> Option<Vec<Value>> {
    values.map(|values| values.into_iter().map(Value).collect())
}

impl From<engine::ArgumentForms> for ArgumentForms {
    fn from(forms: engine::ArgumentForms) -> Self {
        Self {
            values: values(forms.values),
            text: forms.text,
            bytes: hex::encode(forms.bytes),
        }
    }
}

impl From<engine::CallAnswer> for CallAnswer {
    fn from(answer: engine::CallAnswer) -> Self {
        Self {
            outcome: match answer.outcome {
                engine::CallOutcome::Replied {
                    values: by_type,
                    text,
                    bytes,
                } => CallOutcome::Replied {
                    values: values(by_type),
                    text,
                    bytes: hex::encode(bytes),
                },
                engine::CallOutcome::Rejected {
                    code,
                    error_code,
                    message,
                } => CallOutcome::Rejected {
                    code,
                    error_code,
                    message,
                },
            },
            is_certified: answer.is_certified,
            took: answer.took.as_secs_f64() * 1_000.0,
        }
    }
}

impl From<engine::RecentCall> for RecentCall {
    fn from(call: engine::RecentCall) -> Self {
        Self {
            method: call.method,
            manner: call.manner.into(),
            arguments: call.arguments,
            ended: call.ended.into(),
            at: call.at as f64,
        }
    }
}

impl Api {
    pub(crate) async fn interface(&self, canister: String) -> Result<Option<Interface>, Failure> {
        let interface = self.engine()?.interface(canister.parse()?).await?;
        Ok(interface.map(Into::into))
    }

    pub(crate) async fn call(
        &self,
        canister: String,
        method: String,
        manner: Manner,
        arguments: Arguments,
        remember: bool,
    ) -> Result<CallAnswer, Failure> {
        let call = engine::MethodCall {
            canister: canister.parse()?,
            method,
            manner: manner.into(),
            arguments: arguments.read()?,
            remember,
        };
        Ok(self.engine()?.call(&call).await?.into())
    }

    pub(crate) async fn convert_arguments(
        &self,
        canister: String,
        method: String,
        arguments: Arguments,
    ) -> Result<ArgumentForms, Failure> {
        let arguments = arguments.read()?;
        let engine = self.engine()?;
        let forms = engine.convert_arguments(canister.parse()?, &method, &arguments);
        Ok(forms.await?.into())
    }

    pub(crate) async fn recent_calls(&self, canister: String) -> Result<Vec<RecentCall>, Failure> {
        let calls = self.engine()?.recent_calls(canister.parse()?).await?;
        Ok(all(calls))
    }

    pub(crate) async fn forget_calls(&self, canister: Option<String>) -> Result<(), Failure> {
        let canister = canister.map(|canister| canister.parse()).transpose()?;
        Ok(self.engine()?.forget_calls(canister).await?)
    }
}
