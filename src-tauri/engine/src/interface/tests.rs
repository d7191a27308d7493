#![allow(clippy::unwrap_used)]

use super::*;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value as Json, json};

const SHOP: &str = r#"
    // What a customer wants.
    type Order = record { customer : text; code : text; pieces : nat; note : opt text };
    type List = opt record { Order; List };
    type byte = nat8;
    type Answer = variant { Ok : nat; Err : text; 5; "two words" : null };
    type Look = func (nat) -> (text) query;
    service shop : (owner : principal, limit : opt nat64) -> {
        // Takes an order.
        // It is never forgotten.
        order : (Order, at : nat64) -> (Answer);
        orders : () -> (List) query;
        peek : Look;
        raw : (vec byte, record { nat; text }) -> (blob, float64, float32);
        both : (composed : vec record { id : principal; way : Look }) -> () composite_query;
        shout : (text) -> () oneway;
        whatever : (reserved, opt opt nat, service { look : Look }) -> ();
    }
"#;

fn shop() -> Interface {
    Interface::parse(SHOP).unwrap()
}

#[test]
fn an_interface_is_described_without_its_text() {
    let shop = shop();
    let names: Vec<&str> = shop
        .methods
        .iter()
        .map(|method| method.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "both", "order", "orders", "peek", "raw", "shout", "whatever"
        ]
    );
    let order = shop.method("order").unwrap();
    assert_eq!(order.docs, ["Takes an order.", "It is never forgotten."]);
    assert_eq!(order.signature.kind, MethodKind::Update);
    assert_eq!(
        order.signature.arguments[0].shape,
        Shape::Named("Order".to_owned())
    );
    assert_eq!(order.signature.arguments[1].name.as_deref(), Some("at"));
    assert_eq!(
        shop.method("peek").unwrap().signature.kind,
        MethodKind::Query,
        "a method may be declared by the name of its type"
    );
    assert_eq!(
        shop.method("shout").unwrap().signature.kind,
        MethodKind::Oneway
    );
    assert_eq!(
        shop.method("raw").unwrap().signature.arguments[0].shape,
        Shape::Blob,
        "a list of what is called byte is a blob like any other"
    );
    let Shape::Variant(fields) = &shop.types["Answer"] else {
        panic!("{:?}", shop.types["Answer"])
    };
    let mut keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["Err", "Ok", "_5_", "two words"]);
    let init = shop.init.as_ref().unwrap();
    assert_eq!(init[0].name.as_deref(), Some("owner"));
    assert_eq!(shop.method("gone").unwrap_err().code, Code::MethodMissing);
}

#[test]
fn what_an_installation_takes_comes_from_its_own_section() {
    let service = "type T = record { a : nat }; service : { look : () -> (T) query }";
    let interface = Interface::parse(service).unwrap();
    assert_eq!(
        interface.init, None,
        "a service without arguments says nothing of them"
    );
    let interface = interface
        .with_init("type U = opt record { a : nat }; (first : U, T)")
        .unwrap();
    assert_eq!(interface.init.as_ref().unwrap().len(), 2);
    let bytes = interface
        .encode_text(
            interface.init.as_ref().unwrap(),
            "(opt record { a = 1 }, record { a = 2 })",
        )
        .unwrap();
    interface
        .check_bytes(interface.init.as_ref().unwrap(), &bytes)
        .unwrap();
    let error = Interface::parse(service)
        .unwrap()
        .with_init("(Nowhere)")
        .unwrap_err();
    assert_eq!(error.code, Code::InterfaceMalformed, "{}", error.chain());
}

#[test]
fn a_mistake_in_an_interface_is_said_with_its_place() {
    let error = Interface::parse("service : {\n  look : (nat -> ();\n}").unwrap_err();
    assert_eq!(error.code, Code::InterfaceMalformed);
    assert_eq!(
        (error.facts["line"].as_str(), error.facts["column"].as_str()),
        ("2", "15"),
        "{}",
        error.chain()
    );
}

/// So many names, each of which means the next one.
fn aliases(amount: usize) -> String {
    use std::fmt::Write as _;
    (0..amount).fold(String::new(), |mut text, n| {
        let _ = write!(text, "type a{n} = a{};", n + 1);
        text
    })
}

#[test]
fn hostile_interfaces_end_in_a_code() {
    let lots = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let chain = aliases(1_999);
    for (what, text) in [
        ("too long", " ".repeat((1 << 20) + 1)),
        (
            "prefixes",
            format!("type T = {} nat;", "opt ".repeat(200_000)),
        ),
        ("brackets", format!("type T = {}", lots("record {"))),
        ("functions", format!("type T = {}", lots("func ("))),
        (
            "prefixes and brackets",
            format!("type T = {}", lots("opt vec record {")),
        ),
        ("comments", lots("//\n")),
        ("block comments", lots("/**/")),
        ("nested comments", lots("/*")),
        ("types", lots("type a = nat;")),
        ("an endless string", format!("service : {{ \"{}", lots("a"))),
        ("an endless name", format!("type {} = ", lots("a"))),
        (
            "an endless number",
            format!("type T = record {{ {} : nat }}", lots("1")),
        ),
        ("rubbish", lots("\u{7f}")),
        ("escapes", format!("service : {{ \"{}\"", lots("\\00"))),
        ("a circle", "type A = B; type B = A;".to_owned()),
        ("nothing meant", "type A = B;".to_owned()),
        ("a chain without end", chain),
        (
            "a collision",
            "type A = record { a : nat; 97 : nat }".to_owned(),
        ),
        (
            "a method that is none",
            "type A = nat; service : { f : A }".to_owned(),
        ),
    ] {
        let text = &text[..text.len().min(1 << 20) + usize::from(what == "too long")];
        let error = Interface::parse(text).unwrap_err();
        assert_eq!(
            error.code,
            Code::InterfaceMalformed,
            "{what}: {}",
            error.chain()
        );
    }
    for (what, text) in [
        ("spaces", lots(" ")),
        ("a long comment", format!("// {}", &lots("a")[4..])),
        ("a long chain", {
            let chain = aliases(1_900);
            chain + "type a1900 = nat; service : { f : (a0) -> () }"
        }),
        (
            "as deep as allowed",
            format!("type T = {} nat", "opt ".repeat(499)),
        ),
    ] {
        Interface::parse(&text).unwrap_or_else(|error| panic!("{what}: {}", error.chain()));
    }
}

#[test]
fn hostile_arguments_end_in_a_code() {
    let lots = |piece: &str| piece.repeat((8 << 20) / piece.len());
    for text in [
        "(1,".to_owned(),
        lots("("),
        lots("opt "),
        lots("vec {"),
        lots("record { a = "),
        format!("(\"{}", lots("a")),
        "(\"\\ff\")".to_owned(),
        "(1 : nat8 : nat)".to_owned(),
        "(999 : nat8)".to_owned(),
        " ".repeat((8 << 20) + 1),
    ] {
        let error = encode_untyped(&text).unwrap_err();
        assert_eq!(
            error.code,
            Code::ArgumentMalformed,
            "{:.20}: {}",
            text,
            error.chain()
        );
    }
    let number = Interface::parse("service : { f : (nat) -> () }").unwrap();
    let arguments = &number.methods[0].signature.arguments;
    let error = number
        .encode_text(arguments, &format!("({})", "9".repeat(1 << 20)))
        .unwrap_err();
    assert_eq!(
        error.facts["line"], "1",
        "a million digits are nobody's number"
    );
}

#[test]
fn hostile_replies_end_in_a_code() {
    let shop = shop();
    let results = &shop.method("orders").unwrap().signature.results;
    // A list of two to the power of sixty empty values, in a dozen bytes.
    let mut bomb = b"DIDL\x01\x6d\x7f\x01\x00".to_vec();
    bomb.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    // A linked list, fifty thousand deep: type 0 = opt 0, then ones.
    let mut deep = b"DIDL\x01\x6e\x00\x01\x00".to_vec();
    deep.extend(vec![1; 50_000]);
    deep.push(0);
    for bytes in [
        bomb,
        deep,
        Vec::new(),
        b"DIDL".to_vec(),
        b"rubbish".to_vec(),
        vec![0xff; 4096],
    ] {
        assert_eq!(
            decode_untyped(&bytes).unwrap_err().code,
            Code::ArgumentMalformed
        );
        assert_eq!(
            shop.decode_json(results, &bytes).unwrap_err().code,
            Code::ArgumentMalformed
        );
    }
}

#[test]
fn arguments_that_do_not_fit_are_said_with_their_place() {
    let shop = shop();
    let order = &shop.method("order").unwrap().signature.arguments;
    let fact = |error: &Error, name: &str| error.facts.get(name).cloned().unwrap_or_default();
    for (text, argument, field, expected, found) in [
        (
            r#"(record { customer = "A"; code = 5; pieces = 1 }, 1)"#,
            "1",
            "code",
            "text",
            "5",
        ),
        (
            r#"(record { customer = "A"; code = "B"; pieces = 1 }, -1)"#,
            "2 (at)",
            "",
            "nat64",
            "\"-1\"",
        ),
        (
            r#"(record { customer = "A"; code = "B" }, 1)"#,
            "1",
            "pieces",
            "nat",
            "nothing",
        ),
        (
            r#"(record { customer = "A"; code = "B"; pieces = 1; color = 3 }, 1)"#,
            "1",
            "",
            "record {code, note, customer, pieces}",
            "a field color",
        ),
        ("(1, 2, 3)", "", "", "2 arguments", "3"),
    ] {
        let error = shop.encode_text(order, text).unwrap_err();
        assert_eq!(error.code, Code::ArgumentMalformed);
        let mut expected_keys: Vec<&str> = expected
            .trim_start_matches("record ")
            .trim_matches(['{', '}'])
            .split(", ")
            .collect();
        let found_expected = fact(&error, "expected");
        let mut found_keys: Vec<&str> = found_expected
            .trim_start_matches("record ")
            .trim_matches(['{', '}'])
            .split(", ")
            .collect();
        expected_keys.sort_unstable();
        found_keys.sort_unstable();
        assert_eq!(
            (
                fact(&error, "argument").as_str(),
                fact(&error, "field").as_str(),
                found_keys,
                fact(&error, "found").as_str()
            ),
            (argument, field, expected_keys, found),
            "{text}"
        );
    }
    let error = shop
        .encode_text(order, "(record {\n  customer = ; }, 1)")
        .unwrap_err();
    assert_eq!(
        (
            fact(&error, "line").as_str(),
            fact(&error, "column").as_str()
        ),
        ("2", "14")
    );
    let error = shop
        .encode_json(
            order,
            &[
                json!({"customer": "A", "code": "B", "pieces": 5}),
                json!("1"),
            ],
        )
        .unwrap_err();
    assert_eq!(
        (
            fact(&error, "field").as_str(),
            fact(&error, "found").as_str()
        ),
        ("pieces", "5"),
        "a JSON number may have lost digits already; numbers come as text"
    );
}

#[test]
fn json_and_text_say_the_same() {
    let shop = shop();
    let arguments = |method: &str| shop.method(method).unwrap().signature.arguments.clone();
    for (method, json, text) in [
        (
            "order",
            json!([{"customer": "Ada", "code": "B1", "pieces": "1", "note": null}, "18446744073709551615"]),
            r#"(record { customer = "Ada"; code = "B1"; pieces = 1 }, 18_446_744_073_709_551_615)"#,
        ),
        (
            "raw",
            json!(["00ff41", {"_0_": "7", "_1_": "x\u{0}\"\\"}]),
            r#"(blob "\00\ffA", record { 7; "x\u{0}\"\\" })"#,
        ),
        (
            "both",
            json!([[{"id": "aaaaa-aa", "way": {"canister": "aaaaa-aa", "method": "a b"}}]]),
            r#"(vec { record { id = principal "aaaaa-aa"; way = func "aaaaa-aa"."a b" } })"#,
        ),
        (
            "whatever",
            json!([null, {"some": null}, "aaaaa-aa"]),
            r#"(null, opt null, service "aaaaa-aa")"#,
        ),
    ] {
        let arguments = arguments(method);
        let from_text = shop.encode_text(&arguments, text).unwrap();
        let from_json = shop
            .encode_json(&arguments, json.as_array().unwrap())
            .unwrap();
        assert_eq!(from_json, from_text, "{method}");
        assert_eq!(
            Json::Array(shop.decode_json(&arguments, &from_text).unwrap()),
            json,
            "{method}"
        );
        let printed = shop.decode_text(&arguments, &from_text).unwrap();
        assert_eq!(
            shop.encode_text(&arguments, &printed).unwrap(),
            from_text,
            "{printed}"
        );
    }
}

#[test]
fn long_values_are_broken_and_short_ones_are_not() {
    let shop = shop();
    let arguments = &shop.method("order").unwrap().signature.arguments;
    let long = format!(
        r#"(record {{ customer = "{}"; code = "B"; pieces = 1 }}, 2)"#,
        "A".repeat(60)
    );
    let bytes = shop.encode_text(arguments, &long).unwrap();
    let printed = shop.decode_text(arguments, &bytes).unwrap();
    assert!(printed.lines().count() > 3, "{printed}");
    assert_eq!(
        shop.encode_text(arguments, &printed).unwrap(),
        bytes,
        "{printed}"
    );
    let short = shop
        .encode_text(
            arguments,
            r#"(record { customer = "A"; code = "B"; pieces = 1 }, 2)"#,
        )
        .unwrap();
    assert_eq!(
        shop.decode_text(arguments, &short).unwrap().lines().count(),
        1
    );
}

#[test]
fn bytes_of_no_known_type_still_tell_something() {
    let bytes = encode_untyped(r#"(5 : nat64, record { a = "x" }, opt (3 : nat8))"#).unwrap();
    let decoded = decode_untyped(&bytes).unwrap();
    assert_eq!(
        decoded.text,
        r#"(5 : nat64, record { 97 = "x" }, opt (3 : nat8))"#
    );
    assert_eq!(
        encode_untyped(&decoded.text).unwrap(),
        bytes,
        "types are written along, so that it can be read again"
    );
    let shop = shop();
    let results = &shop.method("order").unwrap().signature.results;
    let decoded = shop
        .decode(results, &encode_untyped("(\"surprise\")").unwrap())
        .unwrap();
    assert_eq!(
        decoded.values, None,
        "it is not what the interface promises"
    );
    assert_eq!(decoded.text, "(\"surprise\")");
}

#[test]
fn a_change_of_interface_is_judged_method_by_method() {
    let old = "type A = record { a : nat; b : opt text }; service : { gone : () -> (); same : (A) -> (A) query; wider : (A) -> (); narrower : () -> (A); loses : () -> (opt nat); modes : () -> () query }";
    let new = "type A = record { a : nat; b : opt text }; type B = record { a : int; b : opt text }; service : { same : (A) -> (A) query; wider : (B) -> (); narrower : () -> (B); loses : () -> (opt text); modes : () -> (); new : () -> () }";
    let parse = |text: &str| Interface::parse(text).unwrap();
    let found = Compatibility::between(Some(&parse(old)), Some(&parse(new))).unwrap();
    assert_eq!(found.verdict, Verdict::Breaking);
    let summary: Vec<(&str, ChangeKind, bool, bool)> = found
        .changes
        .iter()
        .map(|change| {
            (
                change.method.as_str(),
                change.kind,
                change.reasons.is_empty(),
                change.drops_values,
            )
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("gone", ChangeKind::Removed, false, false),
            ("loses", ChangeKind::Changed, true, true),
            ("modes", ChangeKind::Changed, false, false),
            ("narrower", ChangeKind::Changed, false, false),
            ("new", ChangeKind::Added, true, false),
            ("wider", ChangeKind::Changed, true, false),
        ]
    );
    let narrower = &found.changes[3].reasons[0];
    assert!(
        narrower.place.iter().any(|step| step.contains('a')) && narrower.why.contains("int"),
        "{narrower:?}"
    );
    let more = parse("service : { a : () -> (); b : () -> () }");
    let less = parse("service : { a : () -> () }");
    assert_eq!(
        Compatibility::between(Some(&less), Some(&more))
            .unwrap()
            .verdict,
        Verdict::Compatible
    );
    assert_eq!(
        Compatibility::between(Some(&more), Some(&more)).unwrap(),
        Compatibility {
            verdict: Verdict::Compatible,
            changes: vec![]
        }
    );
    assert_eq!(
        Compatibility::between(None, Some(&more)).unwrap().verdict,
        Verdict::Unknown
    );
    let list = |element: &str| {
        parse(&format!(
            "type L = opt record {{ {element}; L }}; service : {{ f : () -> (L) }}"
        ))
    };
    assert_eq!(
        Compatibility::between(Some(&list("nat")), Some(&list("nat")))
            .unwrap()
            .changes,
        [],
        "recursive types are compared to their end"
    );
}

/// A type, with values of it as JSON.
fn any_shape() -> impl Strategy<Value = Shape> {
    let number = prop::sample::select(vec![
        Number::Nat,
        Number::Int,
        Number::Nat8,
        Number::Nat16,
        Number::Nat32,
        Number::Nat64,
        Number::Int8,
        Number::Int16,
        Number::Int32,
        Number::Int64,
        Number::Float32,
        Number::Float64,
    ]);
    let leaf = prop_oneof![
        8 => number.prop_map(Shape::Number),
        1 => Just(Shape::Null),
        1 => Just(Shape::Bool),
        2 => Just(Shape::Text),
        2 => Just(Shape::Blob),
        1 => Just(Shape::Principal),
        1 => Just(Shape::Reserved),
        1 => Just(Shape::Service(vec![])),
        1 => Just(Shape::Func(Box::new(Signature { kind: MethodKind::Query, arguments: vec![], results: vec![] }))),
        1 => Just(Shape::Named("List".to_owned())),
        1 => Just(Shape::Named("Tree".to_owned())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| Shape::Opt(Box::new(shape))),
            inner
                .clone()
                .prop_filter_map("a list of bytes is a blob", |shape| {
                    (shape != Shape::Number(Number::Nat8)).then(|| Shape::Vec(Box::new(shape)))
                }),
            any_fields(inner.clone(), 0).prop_map(Shape::Record),
            any_fields(inner, 1).prop_map(Shape::Variant),
        ]
    })
}

fn any_fields(
    shape: impl Strategy<Value = Shape> + Clone,
    least: usize,
) -> impl Strategy<Value = Vec<Field>> {
    let label = prop_oneof![
        (0_u32..4).prop_map(Label::Id),
        any::<u32>().prop_map(Label::Id),
        "[a-z_]{1,6}".prop_map(Label::Named),
        prop::sample::select(vec![
            "__proto__",
            "_5_",
            "opt",
            "query",
            "two words",
            "a,b",
            "_",
            "",
            "é\"\\\n\0",
            "constructor"
        ])
        .prop_map(|name| Label::Named(name.to_owned())),
    ];
    vec((label, shape), least..5).prop_map(|fields| {
        let mut by_id = BTreeMap::new();
        for (label, shape) in fields {
            by_id.insert(label.get_id(), (label, shape));
        }
        by_id
            .into_values()
            .map(|(label, shape)| Field::new(&label, shape))
            .collect()
    })
}

fn known() -> Interface {
    Interface::parse("type List = opt record { head : nat; tail : List }; type Tree = variant { leaf : int; fork : vec Tree };").unwrap()
}

/// A value of a type. Recursive types end when `depth` is used up.
fn any_value(shape: &Shape, depth: u32) -> BoxedStrategy<Json> {
    let known = known();
    let shape = known.resolve(shape);
    let text = |strategy: BoxedStrategy<String>| strategy.prop_map(Json::String).boxed();
    let principal = || {
        vec(any::<u8>(), 0..29).prop_map(|bytes| candid::Principal::from_slice(&bytes).to_text())
    };
    match shape {
        Shape::Null | Shape::Reserved | Shape::Empty | Shape::Named(_) => Just(Json::Null).boxed(),
        Shape::Bool => any::<bool>().prop_map(Json::Bool).boxed(),
        Shape::Text => text(any::<String>().boxed()),
        Shape::Blob => text(vec(any::<u8>(), 0..20).prop_map(hex::encode).boxed()),
        Shape::Principal | Shape::Service(_) => text(principal().boxed()),
        Shape::Func(_) => (principal(), any::<String>())
            .prop_map(|(canister, method)| json!({"canister": canister, "method": method}))
            .boxed(),
        Shape::Number(number) => text(match number {
            Number::Nat => "(0|[1-9][0-9]{0,60})".boxed(),
            Number::Int => "(0|-?[1-9][0-9]{0,60})".boxed(),
            Number::Nat8 => any::<u8>().prop_map(|n| n.to_string()).boxed(),
            Number::Nat16 => any::<u16>().prop_map(|n| n.to_string()).boxed(),
            Number::Nat32 => any::<u32>().prop_map(|n| n.to_string()).boxed(),
            Number::Nat64 => any::<u64>().prop_map(|n| n.to_string()).boxed(),
            Number::Int8 => any::<i8>().prop_map(|n| n.to_string()).boxed(),
            Number::Int16 => any::<i16>().prop_map(|n| n.to_string()).boxed(),
            Number::Int32 => any::<i32>().prop_map(|n| n.to_string()).boxed(),
            Number::Int64 => any::<i64>().prop_map(|n| n.to_string()).boxed(),
            Number::Float32 => any::<u32>()
                .prop_map(|bits| match f32::from_bits(bits) {
                    nan if nan.is_nan() && bits == 0x7fc0_0000 => "NaN".to_owned(),
                    nan if nan.is_nan() => format!("NaN:{bits:08x}"),
                    number => number.to_string(),
                })
                .boxed(),
            Number::Float64 => any::<u64>()
                .prop_map(|bits| match f64::from_bits(bits) {
                    nan if nan.is_nan() && bits == 0x7ff8 << 48 => "NaN".to_owned(),
                    nan if nan.is_nan() => format!("NaN:{bits:016x}"),
                    number => number.to_string(),
                })
                .boxed(),
        }),
        Shape::Opt(_) if depth == 0 => Just(Json::Null).boxed(),
        Shape::Opt(inner) => prop_oneof![
            Just(Json::Null),
            any_value(inner, depth - 1).prop_map(|value| json!({ "some": value })),
        ]
        .boxed(),
        Shape::Vec(_) if depth == 0 => Just(json!([])).boxed(),
        Shape::Vec(inner) => vec(any_value(inner, depth - 1), 0..4)
            .prop_map(Json::Array)
            .boxed(),
        Shape::Record(fields) => fields
            .iter()
            .map(|field| any_value(&field.shape, depth.saturating_sub(1)))
            .collect::<Vec<_>>()
            .prop_map({
                let keys: Vec<String> = fields.iter().map(|field| field.key.clone()).collect();
                move |values| Json::Object(keys.iter().cloned().zip(values).collect())
            })
            .boxed(),
        Shape::Variant(fields) => {
            let choice = |field: &Field| {
                let key = field.key.clone();
                any_value(&field.shape, depth.saturating_sub(1))
                    .prop_map(move |value| json!({"tag": key, "value": value}))
            };
            proptest::strategy::Union::new(fields.iter().map(choice)).boxed()
        }
    }
}

fn any_typed_value() -> impl Strategy<Value = (Shape, Json)> {
    any_shape().prop_flat_map(|shape| {
        let value = any_value(&shape, 5);
        (Just(shape), value)
    })
}

/// Candid text has no word for what is not a number.
fn has_nan(value: &Json) -> bool {
    value.to_string().contains("NaN")
}

proptest! {
    #[test]
    fn any_value_of_any_type_survives_json_and_text((shape, value) in any_typed_value()) {
        let known = known();
        let arguments = [Argument { name: None, shape }];
        let bytes = known.encode_json(&arguments, std::slice::from_ref(&value)).unwrap();
        prop_assert_eq!(&known.decode_json(&arguments, &bytes).unwrap()[0], &value);
        let text = known.decode_text(&arguments, &bytes).unwrap();
        if !has_nan(&value) {
            let again = known.encode_text(&arguments, &text);
            prop_assert_eq!(again.unwrap_or_else(|error| panic!("{}: {text}", error.chain())), bytes.clone(), "{}", text);
        }
        let untyped = decode_untyped(&bytes).unwrap().text;
        if !has_nan(&value) {
            encode_untyped(&untyped).unwrap_or_else(|error| panic!("{}: {untyped}", error.chain()));
        }
    }

    #[test]
    fn no_text_does_harm(text in "[a-z{}();:,.=\"\\\\/* 0-9_>-]{0,200}") {
        // Whatever it is, it ends in an interface or in a code.
        if let Err(error) = Interface::parse(&text) {
            prop_assert_eq!(error.code, Code::InterfaceMalformed);
        }
        if let Err(error) = encode_untyped(&text) {
            prop_assert_eq!(error.code, Code::ArgumentMalformed);
        }
    }

    #[test]
    fn no_bytes_do_harm(mut bytes in vec(any::<u8>(), 0..200)) {
        bytes.splice(0..0, *b"DIDL");
        if let Err(error) = decode_untyped(&bytes) {
            prop_assert_eq!(error.code, Code::ArgumentMalformed);
        }
        if let Err(error) = shop().decode_json(&shop().method("orders").unwrap().signature.results, &bytes) {
            prop_assert_eq!(error.code, Code::ArgumentMalformed);
        }
    }
}
