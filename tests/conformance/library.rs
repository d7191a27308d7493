//! The modules and interfaces that vectors name, read once, and Candid text to bytes and back.

use anyhow::{Context as _, Result, anyhow, bail};
use candid::types::{Type, TypeInner};
use candid::{IDLArgs, TypeEnv};
use candid_parser::utils::CandidSource;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The interface of the management canister; typed without being asked.
pub const MANAGEMENT: &str = "aaaaa-aa";

/// A folder with `NAME.wat` or `NAME.wasm` and, where the methods' types matter, `NAME.did`.
pub struct Library {
    folder: PathBuf,
    interfaces: RefCell<HashMap<String, Option<Rc<Interface>>>>,
}

/// A parsed Candid interface. Its types are not made to be shared by threads: each case has a library of its own.
struct Interface {
    types: TypeEnv,
    actor: Type,
}

impl Library {
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            interfaces: RefCell::default(),
        }
    }

    /// The bytes of a module; text is assembled here.
    pub fn module(&self, name: &str) -> Result<Vec<u8>> {
        let text = self.folder.join(format!("{name}.wat"));
        if text.exists() {
            return Ok(wat::parse_file(&text)?);
        }
        let binary = self.folder.join(format!("{name}.wasm"));
        std::fs::read(&binary).with_context(|| format!("read {}", binary.display()))
    }

    /// Candid text to bytes, with the declared types of the method (or of `init`) where its interface is known.
    pub fn encode(&self, text: &str, interface: Option<&str>, method: &str) -> Result<Vec<u8>> {
        let arguments = parse(text)?;
        let Some(interface) = self.interface(interface)? else {
            return Ok(arguments.to_bytes()?);
        };
        let declared = match interface.actor.as_ref() {
            TypeInner::Class(initial, _) if method == "init" => Some(initial.clone()),
            _ => interface
                .types
                .get_method(&interface.actor, method)
                .ok()
                .map(|method| method.args.clone()),
        };
        match declared {
            Some(declared) => arguments
                .to_bytes_with_types(&interface.types, &declared)
                .with_context(|| format!("encode {}", beginning(text))),
            None => Ok(arguments.to_bytes()?),
        }
    }

    /// Bytes to values, with the declared results of the method where its interface is known.
    pub fn decode(&self, bytes: &[u8], interface: Option<&str>, method: &str) -> Result<IDLArgs> {
        if let Some(interface) = self.interface(interface)?
            && let Ok(method) = interface.types.get_method(&interface.actor, method)
        {
            return Ok(IDLArgs::from_bytes_with_types(
                bytes,
                &interface.types,
                &method.rets,
            )?);
        }
        Ok(IDLArgs::from_bytes(bytes)?)
    }

    /// An interface; none where the folder has none of this name.
    fn interface(&self, name: Option<&str>) -> Result<Option<Rc<Interface>>> {
        let Some(name) = name else { return Ok(None) };
        if let Some(known) = self.interfaces.borrow().get(name) {
            return Ok(known.clone());
        }
        let path = self.folder.join(format!("{name}.did"));
        let interface = if path.exists() {
            Some(Rc::new(
                Interface::read(&path).with_context(|| format!("interface {name}"))?,
            ))
        } else {
            None
        };
        self.interfaces
            .borrow_mut()
            .insert(name.to_owned(), interface.clone());
        Ok(interface)
    }
}

impl Interface {
    fn read(path: &Path) -> Result<Self> {
        let (types, actor) = CandidSource::File(path).load()?;
        let Some(actor) = actor else {
            bail!("no service")
        };
        Ok(Self { types, actor })
    }
}

/// Candid text to values without declared types.
pub fn parse(text: &str) -> Result<IDLArgs> {
    candid_parser::parse_idl_args(text)
        .map_err(|error| anyhow!("candid text {:?}: {error}", beginning(text)))
}

/// Arguments may hold whole modules, of which nobody wants to read more than this.
fn beginning(text: &str) -> String {
    text.chars().take(300).collect()
}
