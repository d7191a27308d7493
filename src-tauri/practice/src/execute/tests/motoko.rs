//! Compiled Motoko actors: 64-bit memory with enhanced persistence, 32-bit memory with upgrade hooks, and calls of an
//! actor to itself, as every `await` makes them.

use candid::{CandidType, Decode, Encode, Nat, decode_one};

use super::*;

fn module(name: &str) -> Module {
    let path = format!(
        "{}/../../tests/conformance/wasm/{name}.wasm",
        env!("CARGO_MANIFEST_DIR")
    );
    Module::compile(&std::fs::read(path).expect("the module is in the repository"))
        .expect("moc makes valid modules")
}

impl Canister {
    fn of(module: Module) -> Self {
        let environment = Environment {
            balance: 1_000_000_000_000,
            ..Environment::default()
        };
        let mut canister = Self {
            image: module.initial().clone(),
            module,
            environment,
        };
        canister.commit(Entry::Init {
            argument: nothing(),
        });
        canister
    }

    /// Calls a method and lets the actor's calls to itself happen, until the call is answered.
    fn ask(&mut self, method: &str, argument: Vec<u8>) -> Vec<u8> {
        let done = self.commit(Entry::Update {
            method: method.into(),
            argument,
        });
        self.settle(done)
    }

    fn settle(&mut self, done: Done) -> Vec<u8> {
        let mut response = done.response;
        for call in done.calls {
            assert_eq!(
                call.callee, self.environment.canister,
                "the actor calls itself"
            );
            let entry = Entry::Update {
                method: call.method,
                argument: call.argument,
            };
            let caller = std::mem::replace(&mut self.environment.caller, self.environment.canister);
            let entry = match self.run(entry).result {
                Ok(inner) => {
                    self.image = inner.image.clone();
                    Entry::Reply {
                        callback: call.on_reply,
                        reply: self.settle(inner),
                        refunded: 0,
                    }
                }
                Err(trap) => Entry::Reject {
                    callback: call.on_reject,
                    code: 5,
                    message: trap.to_string(),
                    refunded: 0,
                },
            };
            self.environment.caller = caller;
            let next = self.commit(entry);
            if next.response.is_some() || !next.calls.is_empty() {
                response = Some(Response::Reply(self.settle(next)));
            }
        }
        match response {
            Some(Response::Reply(bytes)) => bytes,
            other => panic!("expected a reply, got {other:?}"),
        }
    }

    fn look<T: CandidType + for<'de> candid::Deserialize<'de>>(&self, method: &str) -> T {
        let environment = Environment {
            replicated: false,
            ..self.environment.clone()
        };
        let entry = Entry::Query {
            method: method.into(),
            argument: nothing(),
        };
        let outcome = run(&self.module, &self.image, entry, environment);
        decode_one(&reply(outcome.result.expect("the query does not trap")))
            .expect("the reply has this type")
    }

    /// Upgrades like `install_code` does.
    fn upgrade(&mut self, module: &Module, keep_heap: bool) -> Result<(), Trap> {
        let before = self.run(Entry::PreUpgrade).result?.image;
        let image = module.upgraded(&before, keep_heap);
        let entry = Entry::PostUpgrade {
            argument: nothing(),
        };
        let done = run(module, &image, entry, self.environment.clone()).result?;
        (self.module, self.image) = (module.clone(), done.image);
        Ok(())
    }
}

fn nothing() -> Vec<u8> {
    Encode!().expect("no arguments encode")
}

fn one(value: impl CandidType) -> Vec<u8> {
    Encode!(&value).expect("the value encodes")
}

#[test]
fn a_persistent_actor_keeps_its_heap_over_upgrades() {
    let notebook = module("notebook");
    assert!(notebook.is_wasm64(), "persistent actors have 64-bit memory");
    assert!(
        notebook.has_enhanced_persistence(),
        "and say what they need"
    );
    let mut canister = Canister::of(notebook.clone());
    canister.ask("add", one("one"));
    canister.ask("add", one("two"));
    canister
        .upgrade(&notebook, true)
        .expect("the same program fits its heap");
    assert_eq!(
        canister.look::<Vec<String>>("all"),
        ["one", "two"],
        "the notes are there without any hook"
    );

    let refused = canister
        .upgrade(&module("notebook_bad"), true)
        .expect_err("a variable changed its type");
    assert_eq!(
        refused,
        Trap::Called("RTS error: Memory-incompatible program upgrade".into()),
        "the runtime refuses"
    );
    canister
        .upgrade(&module("notebook2"), true)
        .expect("the successor is compatible");
    assert_eq!(
        canister.look::<String>("getTitle"),
        "untitled",
        "its new variable has its first value"
    );
    assert_eq!(
        canister.look::<Vec<String>>("all"),
        ["one", "two"],
        "the others are kept"
    );
    canister.upgrade(&notebook, false).expect("a fresh start");
    assert_eq!(
        canister.look::<Vec<String>>("all"),
        Vec::<String>::new(),
        "the heap was replaced"
    );
}

#[test]
fn a_classic_actor_keeps_stable_variables_over_upgrades() {
    let ledger = module("ledger_classic");
    assert!(
        !ledger.is_wasm64() && !ledger.has_enhanced_persistence(),
        "32-bit memory and upgrade hooks"
    );
    let mut canister = Canister::of(ledger.clone());
    let balance = canister.ask("mint", one(Nat::from(70_u8)));
    assert_eq!(
        Decode!(&balance, Nat).expect("a number"),
        Nat::from(70_u8),
        "minted"
    );
    canister
        .upgrade(&ledger, false)
        .expect("the hooks carry the variables over");
    let balance = canister.ask("mint", one(Nat::from(1_u8)));
    assert_eq!(
        Decode!(&balance, Nat).expect("a number"),
        Nat::from(71_u8),
        "the account survived"
    );
}

#[test]
fn an_actor_awaits_itself() {
    for name in ["timerbot", "timerbot_classic"] {
        let mut canister = Canister::of(module(name));
        let steps = canister.ask("twice", nothing());
        let steps = Decode!(&steps, Nat, Nat).expect("two numbers");
        assert_eq!(
            steps,
            (Nat::from(1_u8), Nat::from(2_u8)),
            "{name}: one await after the other"
        );
        let caught = canister.ask("tryFailing", nothing());
        assert_eq!(
            Decode!(&caught, String).expect("a text"),
            "caught",
            "{name}: the rejection is an error"
        );
        assert_eq!(
            canister.look::<Nat>("get"),
            Nat::from(2_u8),
            "{name}: what the failing call did is undone"
        );
    }
}
