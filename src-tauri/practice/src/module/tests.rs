//! Which modules are admissible, what is told about them, and that no bytes at all do harm.

use std::{cell::Cell, io::Write};

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use crate::execute::{Entry, Environment, run};

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is WebAssembly")
}

fn compile(text: &str) -> Module {
    Module::compile(&wasm(text)).expect("the module is admissible")
}

fn refusal(text: &str) -> String {
    Module::compile(&wasm(text))
        .expect_err("the module is refused")
        .to_string()
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

#[test]
fn a_module_tells_what_it_exports() {
    let module = compile(
        r#"(module
          (func $f)
          (export "canister_update put" (func $f))
          (export "canister_query get" (func $f))
          (export "canister_composite_query ask all" (func $f))
          (export "canister_heartbeat" (func $f))
          (export "anything else" (func $f)))"#,
    );
    assert_eq!(module.method("put"), Some(Method::Update), "an update");
    assert_eq!(
        module.method("ask all"),
        Some(Method::CompositeQuery),
        "names may have spaces"
    );
    assert_eq!(
        module.methods().count(),
        3,
        "the hook and the other function are no methods"
    );
    assert!(module.has_hook("canister_heartbeat"), "the hook is known");
    assert!(!module.has_hook("canister_init"), "this one is not there");
}

#[test]
fn gzipped_modules_keep_their_bytes() {
    let plain = wasm("(module (memory i64 2))");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&plain).expect("memory takes everything");
    let packed = encoder.finish().expect("memory takes everything");
    let module = Module::compile(&packed).expect("gzip is fine");
    assert_eq!(module.bytes(), packed, "what was given");
    assert_eq!(
        module.hash(),
        <[u8; 32]>::from(Sha256::digest(&packed)),
        "is what is hashed"
    );
    assert!(module.is_wasm64(), "and what is in it counts");
    assert!(
        !compile("(module (memory 2))").is_wasm64(),
        "32 bits are the rule"
    );
    let cut = Module::compile(&packed[..packed.len() - 9]).expect_err("the checksum is missing");
    assert!(
        cut.to_string().contains("Failed to decode wasm module"),
        "{cut}"
    );
}

#[test]
fn a_gzip_bomb_is_refused_without_being_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    encoder
        .write_all(b"\0asm\x01\0\0\0")
        .expect("memory takes everything");
    for _ in 0..120 {
        encoder.write_all(&zeros).expect("memory takes everything");
    }
    let bomb = encoder.finish().expect("memory takes everything");
    let refused = Module::compile(&bomb).expect_err("it unpacks to more than 100 MiB");
    assert!(
        refused
            .to_string()
            .contains("exceeds the maximum allowed size of 104857600"),
        "{refused}"
    );
}

#[test]
fn metadata_is_public_or_private() {
    let module = compile(
        r#"(module
          (@custom "icp:public candid:service" "service : {}")
          (@custom "icp:private secret" "hush")
          (@custom "name of something else" "ignored"))"#,
    );
    let section = |name: &str| {
        module
            .sections()
            .get(name)
            .map(|section| (section.public, section.content.as_slice()))
    };
    assert_eq!(
        section("candid:service"),
        Some((true, b"service : {}".as_slice())),
        "public"
    );
    assert_eq!(
        section("secret"),
        Some((false, b"hush".as_slice())),
        "private"
    );
    assert_eq!(module.sections().len(), 2, "others are none of ours");
    assert_eq!(
        module.sections_size(),
        14 + 12 + 6 + 4,
        "names and contents"
    );
    assert!(
        !module.has_enhanced_persistence(),
        "that is a section of its own"
    );
    let persistent =
        compile(r#"(module (@custom "icp:private enhanced-orthogonal-persistence" ""))"#);
    assert!(persistent.has_enhanced_persistence(), "this one");
}

#[test]
fn inadmissible_modules_are_refused_in_the_networks_words() {
    for (text, reason) in [
        (
            r#"(module (import "ic0" "no_such" (func)))"#,
            "Wasm module has an invalid import section. Module imports function 'no_such' from 'ic0' that is not exported by the runtime.",
        ),
        (
            r#"(module (import "env" "time" (func (result i64))))"#,
            "Wasm module has an invalid import section. Module imports function \"time\" from \"env\", expected to be imported from one of [\"ic0\"] instead.",
        ),
        (
            r#"(module (import "env" "memory" (memory 1)))"#,
            "Wasm module has an invalid import section. Importing memories is not allowed.",
        ),
        (
            r#"(module (import "ic0" "time" (func (param i32) (result i64))))"#,
            "Wasm module has an invalid function signature. Expected input params [] for 'time', got [I32].",
        ),
        (
            // pointers are as wide as the memory
            r#"(module (import "ic0" "trap" (func (param i32 i32))) (memory i64 1))"#,
            "Wasm module has an invalid function signature. Expected input params [I64, I64] for 'trap', got [I32, I32].",
        ),
        (
            r#"(module (import "ic0" "stable_size" (func (result i32))) (memory i64 1))"#,
            "Wasm module has an invalid import section. Module imports function 'stable_size' from 'ic0' that is not exported by the runtime.",
        ),
        (
            r#"(module (func (export "canister_update same")) (func (export "canister_query same")))"#,
            "Duplicate function 'same' exported multiple times with different call types: update, query, or composite_query.",
        ),
        (
            r#"(module (func (export "canister_surprise")))"#,
            "Wasm module has an invalid export section. Exporting reserved function 'canister_surprise' with \"canister_\" prefix",
        ),
        (
            r#"(module (memory (export "stable_memory") 1))"#,
            "Wasm module has an invalid export section. Exporting reserved symbol stable_memory not allowed.",
        ),
        (
            r#"(module (func (export "canister_init") (result i32) (i32.const 0)))"#,
            "Wasm module has an invalid function signature. Expected return type [] for 'canister_init', got [I32].",
        ),
        (
            "(module (global $g funcref (ref.null func)))",
            "Wasm module has an invalid global section. Unsupported global type: Ref(funcref)",
        ),
        (
            "(module (table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))",
            "Wasm module contains a function at index 0 with unsupported instruction table.grow.",
        ),
        (
            r#"(module (memory 1) (data (i32.add (i32.const 1) (i32.const 2)) "x"))"#,
            "Wasm module has an invalid data section. Invalid offset expression in data segment for 32bit memory: I32Const { value: 1 }",
        ),
        (
            r#"(module (@custom "icp:secret x" ""))"#,
            "Wasm module has an invalid custom section. Invalid custom section: Custom section 'icp:secret x' has no public/private scope defined.",
        ),
        (
            r#"(module (@custom "icp:public x" "") (@custom "icp:private x" ""))"#,
            "Wasm module has an invalid custom section. Invalid custom section: name x already exists",
        ),
        (
            "(module (memory i64 98305))",
            "Wasm memory size of 98305 pages exceeds the maximum allowed size of 98304 pages.",
        ),
    ] {
        assert_eq!(
            refusal(text),
            format!("Canister's Wasm module is not valid: {reason}"),
            "{text}"
        );
    }
    for text in [
        "(module (memory 1) (memory 1))",
        "(module (memory 1 1 shared))",
    ] {
        assert!(
            refusal(text).contains("Wasmtime failed to validate wasm module"),
            "{text} is another WebAssembly"
        );
    }
    assert_eq!(
        refusal(r#"(module (memory 1) (data (i32.const 65535) "xy"))"#),
        "Could not instrument wasm module of canister: Wasm module has invalid data segment of 2 bytes at 65535",
        "a segment past the end"
    );
}

#[test]
fn limits_of_the_network_hold() {
    let methods = |count: usize, name: &str| {
        let exports = repeated(count, |n| {
            format!(r#"(export "canister_query {name}{n}" (func $f))"#)
        });
        format!("(module (func $f) {exports})")
    };
    assert_eq!(
        compile(&methods(1_000, "")).methods().count(),
        1_000,
        "a thousand methods"
    );
    assert!(
        refusal(&methods(1_001, "")).contains("is 1001 which exceeds 1000"),
        "not one more"
    );
    assert!(
        refusal(&methods(100, &"x".repeat(200)))
            .contains("which exceeds the allowed limit of 20000"),
        "long names"
    );
    let globals = |count: usize| format!("(module {})", "(global i32 (i32.const 0))".repeat(count));
    compile(&globals(1_000));
    assert!(
        refusal(&globals(1_001)).contains("1001 globals"),
        "too many globals"
    );
    let sections = |count: usize| -> String {
        let all = repeated(count, |n| format!(r#"(@custom "icp:public {n}" "")"#));
        format!("(module {all})")
    };
    compile(&sections(16));
    assert!(
        refusal(&sections(17)).contains("17 custom sections"),
        "too many sections"
    );
    let functions = |count: usize| format!("(module {})", "(func)".repeat(count));
    assert!(
        refusal(&functions(50_001)).contains("50001 functions"),
        "too many functions"
    );
}

#[test]
fn initial_globals_are_evaluated() {
    let module = compile(
        "(module
          (global $b (mut i32) (i32.add (i32.const 20) (i32.mul (i32.const 11) (i32.const 2))))
          (global $c (mut i64) (i64.sub (i64.const 1) (i64.const 3))))",
    );
    assert_eq!(
        module.globals(),
        [Global::I32(42), Global::I64(-2)],
        "with the arithmetic of constants"
    );
}

#[test]
fn the_declared_heap_limits_growth() {
    assert_eq!(
        compile("(module (memory 1 3))").max_heap(),
        3 * WASM_PAGE,
        "as declared"
    );
    assert_eq!(compile("(module (memory 1))").max_heap(), 4 << 30, "4 GiB");
    assert_eq!(
        compile("(module (memory i64 1))").max_heap(),
        6 << 30,
        "6 GiB"
    );
    assert_eq!(compile("(module)").max_heap(), 0, "none");
}

#[test]
fn passive_segments_stay_and_applied_ones_are_gone() {
    let module = compile(
        r#"(module
          (import "ic0" "msg_reply" (func $reply))
          (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
          (memory 1)
          (data $active (i32.const 100) "active")
          (data $passive "passive")
          (func (export "canister_query passive")
            (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 7))
            (data.drop $passive)
            (call $append (i32.const 0) (i32.const 7)) (call $reply))
          (func (export "canister_query active")
            (memory.init $active (i32.const 0) (i32.const 0) (i32.const 1))))"#,
    );
    let query = |method: &str| {
        let entry = Entry::Query {
            method: method.into(),
            argument: vec![],
        };
        run(&module, module.initial(), entry, Environment::default()).result
    };
    for _ in 0..2 {
        assert!(
            query("passive").is_ok(),
            "dropping a segment lasts only for the message"
        );
    }
    assert!(
        query("active").is_err(),
        "a segment that was applied counts as dropped"
    );
    assert_eq!(
        module.initial().heap.slice(100, 6),
        Ok(b"active".to_vec()),
        "where it was put"
    );
}

/// Bytes that are no module, or one that differs from a real one in a few places, are refused or run; never do they
/// panic, hang or take unbounded memory. The generator's seed is fixed: a failure comes again.
#[test]
fn no_bytes_do_harm() {
    let originals: Vec<Vec<u8>> = [
        r#"(module
          (@custom "icp:public candid:service" "service : {}")
          (import "ic0" "msg_reply" (func $reply))
          (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
          (import "ic0" "msg_arg_data_copy" (func $arg (param i32 i32 i32)))
          (memory (export "memory") 2 8)
          (table funcref (elem $f $g))
          (global $a (mut i64) (i64.const 1))
          (global $b (export "b") f64 (f64.const 1.5))
          (data (i32.const 16) "some data")
          (data "passive")
          (func $f (param i32) (drop (call $grow (i64.const 3))))
          (func $g (local i64) (loop $l (br_if $l (i64.lt_u (local.tee 0 (i64.add (local.get 0) (i64.const 1))) (i64.const 9)))))
          (func (export "canister_init") (call $g) (global.set $a (i64.const 5)) (call_indirect (param i32) (i32.const 1) (i32.const 0)))
          (func (export "canister_update go") (call $arg (i32.const 0) (i32.const 0) (i32.const 4)) (call $reply))
          (start $g))"#,
        r#"(module
          (import "ic0" "debug_print" (func $print (param i64 i64)))
          (memory i64 1)
          (global $v (mut v128) (v128.const i64x2 1 2))
          (func (export "canister_init")
            (call $print (i64.const 0) (i64.const 100))
            (drop (memory.grow (i64.const 2)))
            (memory.fill (i64.const 0) (i32.const 7) (i64.const 99))
            (global.set $v (i64x2.add (global.get $v) (global.get $v)))))"#,
    ]
    .map(wasm)
    .into();

    let mutation = prop_oneof![
        6 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| (at, vec![byte], 1)), // another byte
        1 => (any::<Index>(), vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| (at, bytes, 0)), // more bytes
        1 => (any::<Index>(), 1_usize..40).prop_map(|(at, count)| (at, vec![], count)), // fewer bytes
        1 => (any::<Index>(), Just(vec![0xff, 0xff, 0xff, 0xff, 0x0f]), 0_usize..2), // a huge number
    ];
    let strategy = (0..originals.len(), vec(mutation, 1..3));
    let config = Config {
        cases: 1_500,
        failure_persistence: None,
        ..Config::default()
    };
    let admitted = Cell::new(0);
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let outcome = runner.run(&strategy, |(original, mutations)| {
        let mut bytes = originals[original].clone();
        for (at, insert, remove) in mutations {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (at + remove).min(bytes.len());
            bytes.splice(at..end, insert);
        }
        let Ok(module) = Module::compile(&bytes) else {
            return Ok(());
        };
        if module.initial().heap.size() > 64 << 20 {
            return Ok(()); // admissible and honest: such a heap is what it asked for
        }
        let environment = Environment {
            instruction_limit: 100_000,
            ..Environment::default()
        };
        let outcome = run(
            &module,
            module.initial(),
            Entry::Init { argument: vec![] },
            environment,
        );
        admitted.set(admitted.get() + 1);
        prop_assert!(outcome.instructions <= 100_000, "the limit holds");
        Ok(())
    });
    outcome.expect("no case fails");
    assert!(
        admitted.get() > 100,
        "enough of them get as far as running: {}",
        admitted.get()
    );
}

#[test]
fn the_same_bytes_are_compiled_once_while_somebody_has_the_module() {
    let text = r#"(module (memory 1) (@custom "icp:public only" "here"))"#;
    let first = compile(text);
    assert!(
        Arc::ptr_eq(&first.0, &compile(text).0),
        "ten canisters of one module share it"
    );
    let gone = Arc::downgrade(&first.0);
    drop(first);
    assert!(gone.upgrade().is_none(), "nobody keeps what nobody has");
}
