//! What can be asked of a canister: its interface in Candid, as types that forms and checks can walk.
//!
//! An [`Interface`] is parsed once from the text that a canister or a module publishes. Its [`Shape`]s are plain data: named types
//! stay references into [`Interface::types`], so that recursive types are finite, and nothing above this module parses Candid.
//!
//! Reading order: [`Interface::parse`], `interface/text.rs` (the bounds of hostile text; values as text), `interface/value.rs`
//! (values as JSON, checked against shapes, to and from bytes), `interface/compatible.rs` (whether one interface can follow another).
//!
//! **Hostile text.** The text of an interface is somebody else's. Before a parser sees it, its length, nesting and number of types
//! are bounded, and all work on Candid happens in [`on_own_stack`]: the parsers recurse, and what they are given must never be able
//! to end the process.

mod compatible;
mod text;
mod value;

pub use compatible::{Change, ChangeKind, Compatibility, Reason, Verdict};
pub(crate) use value::{decode_untyped, encode_untyped};

use crate::{
    CanisterId, Code, Error, Result,
    replica::{Call, Replica},
};
use candid::types::{Field as CandidField, FuncMode, Function, Label, Type, TypeEnv, TypeInner};
use candid_parser::{
    IDLProg, check_prog,
    syntax::{Binding, Dec, FuncType, IDLArgType, IDLInitArgs, IDLType, PrimType, TypeField},
    typing::check_init_args,
};
use std::{collections::BTreeMap, thread};
use text::Trouble;

/// Room for parsers that recurse, reserved and hardly ever touched. The bounds of `text.rs` keep what they need far below it.
const STACK: usize = 64 << 20;

/// An interface in Candid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The text that it was parsed from.
    pub text: String,
    /// Named types. They may refer to each other and to themselves.
    pub types: BTreeMap<String, Shape>,
    /// What can be called, in the order of names.
    pub methods: Vec<Method>,
    /// What an installation takes; none where the interface does not say.
    pub init: Option<Vec<Argument>>,
}

/// A method of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// What it is called.
    pub name: String,
    /// What it takes and gives.
    pub signature: Signature,
    /// The comment above it, line by line.
    pub docs: Vec<String>,
}

/// What a function takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How it may be called.
    pub kind: MethodKind,
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// What it gives.
    pub results: Vec<Argument>,
}

/// How a method may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// By an update call.
    Update,
    /// By a query, or by an update call for a certified answer.
    Query,
    /// By a query only.
    CompositeQuery,
    /// By an update call; nothing is answered.
    Oneway,
}

/// One of the values that a function takes or gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What the author calls it, where they say.
    pub name: Option<String>,
    /// Its type.
    pub shape: Shape,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing to say.
    Null,
    /// Yes or no.
    Bool,
    /// A number.
    Number(Number),
    /// Text.
    Text,
    /// Bytes: `blob`, which is `vec nat8`.
    Blob,
    /// The id of somebody.
    Principal,
    /// Any value, which nobody looks at.
    Reserved,
    /// No value at all.
    Empty,
    /// A value or none.
    Opt(Box<Self>),
    /// A list.
    Vec(Box<Self>),
    /// All of these, in the order of their ids.
    Record(Vec<Field>),
    /// One of these, in the order of their ids.
    Variant(Vec<Field>),
    /// A reference to a method of a canister.
    Func(Box<Signature>),
    /// A reference to a canister with these methods.
    Service(Vec<Method>),
    /// One of the named types.
    Named(String),
}

/// The kinds of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the Candid type of its name")]
pub enum Number {
    Nat,
    Int,
    Nat8,
    Nat16,
    Nat32,
    Nat64,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
}

/// A field of a record or a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What stands for it in JSON: unlike the name it always exists, and no two fields of a type share it.
    pub key: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What stands for it in bytes: the hash of the name, or a number of the author's.
    pub id: u32,
    /// Its type.
    pub shape: Shape,
}

impl Interface {
    /// Parses an interface.
    pub fn parse(text: &str) -> Result<Self> {
        text::check(text, text::LONGEST_INTERFACE).map_err(|trouble| malformed(text, trouble))?;
        on_own_stack(|| parse(text))?.map_err(|error| malformed(text, Trouble::of(&error)))
    }

    /// The same interface with what an installation takes, from the text of `candid:args`.
    pub fn with_init(mut self, arguments: &str) -> Result<Self> {
        text::check(arguments, text::LONGEST_INTERFACE)
            .map_err(|trouble| malformed(arguments, trouble))?;
        let (types, init) = on_own_stack(|| parse_init(&self, arguments))?
            .map_err(|error| malformed(arguments, Trouble::of(&error)))?;
        self.types.extend(types);
        self.init = Some(init);
        Ok(self)
    }

    /// The interface that a module brings along, with what its installation takes.
    pub fn of_module(module: &crate::ModuleFacts) -> Result<Option<Self>> {
        let Some(service) = &module.interface else {
            return Ok(None);
        };
        let interface = Self::parse(service)?;
        match &module.init_arguments {
            Some(arguments) => interface.with_init(arguments).map(Some),
            None => Ok(Some(interface)),
        }
    }

    /// The text of the interface that a module brings along; empty where it brings none, or is no module.
    pub(crate) fn text_of(module: Vec<u8>) -> String {
        let module = crate::Module::read(module).ok();
        let text = module.and_then(|module| module.facts().interface.clone());
        text.unwrap_or_default()
    }

    /// A method by its name.
    pub fn method(&self, name: &str) -> Result<&Method> {
        self.methods
            .iter()
            .find(|method| method.name == name)
            .ok_or_else(|| {
                Error::new(Code::MethodMissing, "looking for a method").with("method", name)
            })
    }

    /// The type behind a name, however many names it goes by.
    pub(crate) fn resolve<'shape>(&'shape self, mut shape: &'shape Shape) -> &'shape Shape {
        // The parser has refused names that mean nothing and names that mean each other in a circle.
        while let Shape::Named(name) = shape {
            match self.types.get(name) {
                Some(meant) => shape = meant,
                None => return &Shape::Empty,
            }
        }
        shape
    }

    /// The named types as the Candid library knows them.
    fn environment(&self, labels: Labels) -> TypeEnv {
        TypeEnv(
            self.types
                .iter()
                .map(|(name, shape)| (name.clone(), candid_type(shape, labels)))
                .collect(),
        )
    }
}

/// Reads the interface of a canister: the certified one that its module publishes, else the one that older modules tell when asked.
/// None where there is neither.
pub(crate) async fn read(replica: &Replica, canister: CanisterId) -> Result<Option<Interface>> {
    let Some(text) = read_text(replica, canister).await? else {
        return Ok(None);
    };
    let interface = Interface::parse(&text).map_err(|error| error.with("canister", canister))?;
    match published(replica, canister, "candid:args").await? {
        // What an installation takes is of no use to a call: if it is not understood, the methods still are.
        Some(arguments) => Ok(Some(
            interface.clone().with_init(&arguments).unwrap_or(interface),
        )),
        None => Ok(Some(interface)),
    }
}

/// The text of a canister's interface, before anybody tries to understand it.
pub(crate) async fn read_text(replica: &Replica, canister: CanisterId) -> Result<Option<String>> {
    if let Some(text) = published(replica, canister, "candid:service").await? {
        return Ok(Some(text));
    }
    let no_arguments = b"DIDL\0\0".to_vec();
    let call = Call::<(String,)>::to(canister, "__get_candid_interface_tmp_hack", no_arguments);
    match replica.query(&call).await {
        Ok((text,)) => Ok(Some(text)),
        // A canister without this method, without code or at rest refuses; one that answers something else has no interface.
        Err(Error {
            code: Code::Refused | Code::Bug,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn published(
    replica: &Replica,
    canister: CanisterId,
    section: &str,
) -> Result<Option<String>> {
    // Without the right to read a private section the network refuses; it is no more known than an absent one.
    let content = match replica.metadata(canister, section).await {
        Err(error) if error.code == Code::Refused => None,
        answer => answer?,
    };
    Ok(content.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// Does work that recurses where it has room for it, and where a panic is only an error.
pub(crate) fn on_own_stack<Done: Send>(work: impl FnOnce() -> Done + Send) -> Result<Done> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("candid".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| Error::new(Code::Bug, "starting a thread for Candid").because(error))?
            .join()
            .map_err(|_| Error::new(Code::Bug, "working on Candid").because("it panicked"))
    })
}

/// The error for an interface that is not understood.
fn malformed(text: &str, trouble: Trouble) -> Error {
    let mut error = Error::new(Code::InterfaceMalformed, "reading an interface");
    if let Some((line, column)) = trouble.place(text) {
        error = error.with("line", line).with("column", column);
    }
    error.because(trouble.reason)
}

fn parse(text: &str) -> candid_parser::Result<Interface> {
    let program: IDLProg = text.parse()?;
    // The library's check is for unknown and circular names, and for methods that are none.
    check_prog(&mut TypeEnv::new(), &program)?;
    let names = Names::of(&program.decs, &NOTHING_KNOWN);
    let (init, service) = match program.actor.as_ref().map(|actor| &actor.typ) {
        Some(IDLType::ClassT(arguments, service)) => {
            (Some(names.arguments(arguments)), Some(&**service))
        }
        service => (None, service),
    };
    let methods = service.map(|service| names.methods(service));
    let mut interface = Interface {
        text: text.to_owned(),
        types: names.types().collect(),
        methods: methods.unwrap_or_default(),
        init,
    };
    interface.find_blobs();
    Ok(interface)
}

fn parse_init(
    service: &Interface,
    text: &str,
) -> candid_parser::Result<(BTreeMap<String, Shape>, Vec<Argument>)> {
    let program: IDLInitArgs = text.parse()?;
    check_init_args(&mut TypeEnv::new(), &service.environment(by_name), &program)?;
    let names = Names::of(&program.decs, &service.types);
    let mut types = service.types.clone();
    types.extend(names.types());
    let mut whole = Interface {
        text: String::new(),
        types,
        methods: Vec::new(),
        init: Some(names.arguments(&program.args)),
    };
    whole.find_blobs();
    Ok((whole.types, whole.init.unwrap_or_default()))
}

impl Interface {
    /// `vec byte` is a blob as well if `byte` is a name of `nat8`; that can only be seen once all names are known.
    fn find_blobs(&mut self) {
        let known = self.types.clone();
        let is_byte = |shape: &Shape| {
            let mut shape = shape;
            while let Shape::Named(name) = shape {
                match known.get(name) {
                    Some(meant) => shape = meant,
                    None => return false,
                }
            }
            *shape == Shape::Number(Number::Nat8)
        };
        let settle = |arguments: &mut Vec<Argument>| {
            for argument in arguments {
                argument.shape.settle_blobs(&is_byte);
            }
        };
        self.types
            .values_mut()
            .for_each(|shape| shape.settle_blobs(&is_byte));
        for method in &mut self.methods {
            settle(&mut method.signature.arguments);
            settle(&mut method.signature.results);
        }
        self.init.iter_mut().for_each(settle);
    }
}

impl Shape {
    fn settle_blobs(&mut self, is_byte: &impl Fn(&Self) -> bool) {
        match self {
            Self::Vec(element) if is_byte(element) => *self = Self::Blob,
            Self::Vec(inner) | Self::Opt(inner) => inner.settle_blobs(is_byte),
            Self::Record(fields) | Self::Variant(fields) => fields
                .iter_mut()
                .for_each(|field| field.shape.settle_blobs(is_byte)),
            // What a reference can do is described and never encoded here; it stays as it is written.
            _ => {}
        }
    }
}

/// What names mean while declarations are turned into shapes.
struct Names<'program> {
    declared: BTreeMap<&'program str, &'program IDLType>,
    /// Those of the service that arguments of its installation may refer to.
    before: &'program BTreeMap<String, Shape>,
}

static NOTHING_KNOWN: BTreeMap<String, Shape> = BTreeMap::new();

impl<'program> Names<'program> {
    fn of(declarations: &'program [Dec], before: &'program BTreeMap<String, Shape>) -> Self {
        let declared = declarations
            .iter()
            .filter_map(|declaration| match declaration {
                Dec::TypD(binding) => Some((binding.id.as_str(), &binding.typ)),
                Dec::ImportType(_) | Dec::ImportServ(_) => None,
            })
            .collect();
        Self { declared, before }
    }

    fn types(&self) -> impl Iterator<Item = (String, Shape)> {
        self.declared
            .iter()
            .map(|(name, declared)| ((*name).to_owned(), self.shape(declared)))
    }

    fn shape(&self, declared: &IDLType) -> Shape {
        match declared {
            IDLType::PrimT(primitive) => primitive_shape(primitive),
            IDLType::VarT(name) => Shape::Named(name.clone()),
            IDLType::PrincipalT => Shape::Principal,
            IDLType::OptT(inner) => Shape::Opt(Box::new(self.shape(inner))),
            IDLType::VecT(inner) => Shape::Vec(Box::new(self.shape(inner))),
            IDLType::RecordT(fields) => Shape::Record(self.fields(fields)),
            IDLType::VariantT(fields) => Shape::Variant(self.fields(fields)),
            IDLType::FuncT(function) => Shape::Func(Box::new(self.signature(function))),
            IDLType::ServT(_) => Shape::Service(self.methods(declared)),
            // The grammar has constructors at the top only, and there they are taken apart.
            IDLType::ClassT(_, service) => self.shape(service),
        }
    }

    fn fields(&self, fields: &[TypeField]) -> Vec<Field> {
        fields
            .iter()
            .map(|field| Field::new(&field.label, self.shape(&field.typ)))
            .collect()
    }

    fn arguments(&self, arguments: &[IDLArgType]) -> Vec<Argument> {
        arguments
            .iter()
            .map(|argument| Argument {
                name: argument.name.clone(),
                shape: self.shape(&argument.typ),
            })
            .collect()
    }

    fn signature(&self, function: &FuncType) -> Signature {
        Signature {
            kind: match function.modes.first() {
                Some(FuncMode::Query) => MethodKind::Query,
                Some(FuncMode::CompositeQuery) => MethodKind::CompositeQuery,
                Some(FuncMode::Oneway) => MethodKind::Oneway,
                None => MethodKind::Update,
            },
            arguments: self.arguments(&function.args),
            results: self.arguments(&function.rets),
        }
    }

    fn methods(&self, service: &IDLType) -> Vec<Method> {
        let IDLType::ServT(methods) = self.meant(service) else {
            return Vec::new();
        };
        let described = |method: &Binding| {
            Some(Method {
                name: method.id.clone(),
                signature: self.function(&method.typ)?,
                docs: method.docs.clone(),
            })
        };
        methods.iter().filter_map(described).collect()
    }

    /// A method may be declared by the name of its type.
    fn function(&self, declared: &IDLType) -> Option<Signature> {
        match self.meant(declared) {
            IDLType::FuncT(function) => Some(self.signature(function)),
            IDLType::VarT(name) => {
                let mut known = self.before.get(name)?;
                while let Shape::Named(name) = known {
                    known = self.before.get(name)?;
                }
                match known {
                    Shape::Func(signature) => Some((**signature).clone()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn meant<'declared>(&self, mut declared: &'declared IDLType) -> &'declared IDLType
    where
        'program: 'declared,
    {
        while let IDLType::VarT(name) = declared {
            match self.declared.get(name.as_str()) {
                Some(known) => declared = known,
                None => break,
            }
        }
        declared
    }
}

fn primitive_shape(primitive: &PrimType) -> Shape {
    match primitive {
        PrimType::Nat => Shape::Number(Number::Nat),
        PrimType::Nat8 => Shape::Number(Number::Nat8),
        PrimType::Nat16 => Shape::Number(Number::Nat16),
        PrimType::Nat32 => Shape::Number(Number::Nat32),
        PrimType::Nat64 => Shape::Number(Number::Nat64),
        PrimType::Int => Shape::Number(Number::Int),
        PrimType::Int8 => Shape::Number(Number::Int8),
        PrimType::Int16 => Shape::Number(Number::Int16),
        PrimType::Int32 => Shape::Number(Number::Int32),
        PrimType::Int64 => Shape::Number(Number::Int64),
        PrimType::Float32 => Shape::Number(Number::Float32),
        PrimType::Float64 => Shape::Number(Number::Float64),
        PrimType::Bool => Shape::Bool,
        PrimType::Text => Shape::Text,
        PrimType::Null => Shape::Null,
        PrimType::Reserved => Shape::Reserved,
        PrimType::Empty => Shape::Empty,
    }
}

impl Field {
    fn new(label: &Label, shape: Shape) -> Self {
        let id = label.get_id();
        let name = match label {
            Label::Named(name) => Some(name.clone()),
            Label::Id(_) | Label::Unnamed(_) => None,
        };
        let numbered = |name: &str| {
            let digits = name
                .strip_prefix('_')
                .and_then(|name| name.strip_suffix('_'));
            digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let key = match &name {
            // A name that looks like the stand-in for a number, or that JavaScript gives a meaning of its own, goes by its number.
            Some(name) if !numbered(name) && name != "__proto__" => name.clone(),
            _ => format!("_{id}_"),
        };
        Self {
            key,
            name,
            id,
            shape,
        }
    }
}

/// A shape as the Candid library knows it.
fn candid_type(shape: &Shape, labels: Labels) -> Type {
    let fields = |fields: &[Field]| {
        fields
            .iter()
            .map(|field| CandidField {
                id: labels(field).into(),
                ty: candid_type(&field.shape, labels),
            })
            .collect()
    };
    match shape {
        Shape::Null => TypeInner::Null,
        Shape::Bool => TypeInner::Bool,
        Shape::Number(number) => match number {
            Number::Nat => TypeInner::Nat,
            Number::Int => TypeInner::Int,
            Number::Nat8 => TypeInner::Nat8,
            Number::Nat16 => TypeInner::Nat16,
            Number::Nat32 => TypeInner::Nat32,
            Number::Nat64 => TypeInner::Nat64,
            Number::Int8 => TypeInner::Int8,
            Number::Int16 => TypeInner::Int16,
            Number::Int32 => TypeInner::Int32,
            Number::Int64 => TypeInner::Int64,
            Number::Float32 => TypeInner::Float32,
            Number::Float64 => TypeInner::Float64,
        },
        Shape::Text => TypeInner::Text,
        Shape::Blob => TypeInner::Vec(TypeInner::Nat8.into()),
        Shape::Principal => TypeInner::Principal,
        Shape::Reserved => TypeInner::Reserved,
        Shape::Empty => TypeInner::Empty,
        Shape::Opt(inner) => TypeInner::Opt(candid_type(inner, labels)),
        Shape::Vec(inner) => TypeInner::Vec(candid_type(inner, labels)),
        Shape::Record(inner) => TypeInner::Record(fields(inner)),
        Shape::Variant(inner) => TypeInner::Variant(fields(inner)),
        Shape::Func(signature) => return candid_function(signature, labels),
        Shape::Service(methods) => TypeInner::Service(
            methods
                .iter()
                .map(|method| {
                    (
                        method.name.clone(),
                        candid_function(&method.signature, labels),
                    )
                })
                .collect(),
        ),
        Shape::Named(name) => TypeInner::Var(name.clone()),
    }
    .into()
}

fn candid_function(signature: &Signature, labels: Labels) -> Type {
    TypeInner::Func(Function {
        modes: match signature.kind {
            MethodKind::Update => vec![],
            MethodKind::Query => vec![FuncMode::Query],
            MethodKind::CompositeQuery => vec![FuncMode::CompositeQuery],
            MethodKind::Oneway => vec![FuncMode::Oneway],
        },
        args: candid_types(&signature.arguments, labels),
        rets: candid_types(&signature.results, labels),
    })
    .into()
}

fn candid_types(arguments: &[Argument], labels: Labels) -> Vec<Type> {
    arguments
        .iter()
        .map(|argument| candid_type(&argument.shape, labels))
        .collect()
}

/// How fields are called in the library's types.
type Labels = fn(&Field) -> Label;

/// For whoever reads them.
fn by_name(field: &Field) -> Label {
    match &field.name {
        Some(name) => Label::Named(name.clone()),
        None => Label::Id(field.id),
    }
}

/// For reading bytes: the library takes the name `_` for a field to be skipped, and falls over a comma in a tag.
fn by_id(field: &Field) -> Label {
    Label::Id(field.id)
}

#[cfg(test)]
mod tests;
