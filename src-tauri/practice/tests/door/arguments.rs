//! Arguments: hostile Candid for every method, and snapshots of any description.

use super::*;

fn empty_settings() -> CanisterSettings {
    CanisterSettings {
        compute_allocation: Some(Nat::from(0_u8)),
        log_visibility: Some(Visibility::AllowedViewers(vec![Principal::anonymous()])),
        wasm_memory_limit: Some(Nat::from(1_u64 << 30)),
        environment_variables: Some(vec![EnvironmentVariable {
            name: "name".into(),
            value: "value".into(),
        }]),
        ..CanisterSettings::default()
    }
}

fn metadata(canister_id: Principal) -> UploadCanisterSnapshotMetadataArgs {
    UploadCanisterSnapshotMetadataArgs {
        canister_id,
        replace_snapshot: None,
        wasm_module_size: wat::parse_str(COUNTER).unwrap().len() as u64,
        globals: vec![SnapshotMetadataGlobal::I32(7)],
        wasm_memory_size: 65_536,
        stable_memory_size: 65_536,
        certified_data: vec![7; 32],
        global_timer: Some(CanisterTimer::Inactive),
        on_low_wasm_memory_hook_status: Some(OnLowWasmMemoryHookStatus::ConditionNotSatisfied),
    }
}

/// An honest argument for every method, of the canister and a snapshot of each kind.
fn honest_arguments(
    canister_id: Principal,
    taken: &[u8],
    uploaded: &[u8],
) -> Vec<(&'static str, Vec<u8>)> {
    let record = Encode!(&CanisterIdRecord { canister_id }).unwrap();
    let (module, chunk) = (wat::parse_str(COUNTER).unwrap(), vec![5; 40]);
    let (offset, size) = (0, 10);
    let mut arguments: Vec<_> = [
        "stored_chunks",
        "list_canister_snapshots",
        "canister_status",
        "canister_metrics",
        "deposit_cycles",
        "start_canister",
        "stop_canister",
        "delete_canister",
        "raw_rand",
        "no_such_method",
    ]
    .map(|method| (method, record.clone()))
    .to_vec();
    for kind in [
        SnapshotDataKind::WasmModule { offset, size },
        SnapshotDataKind::WasmMemory { offset, size },
        SnapshotDataKind::StableMemory { offset, size: 0 },
        SnapshotDataKind::WasmChunk { hash: vec![1; 32] },
    ] {
        let args = ReadCanisterSnapshotDataArgs {
            canister_id,
            snapshot_id: taken.to_vec(),
            kind,
        };
        arguments.push(("read_canister_snapshot_data", Encode!(&args).unwrap()));
    }
    for kind in [
        SnapshotDataOffset::WasmModule { offset },
        SnapshotDataOffset::WasmMemory { offset },
        SnapshotDataOffset::StableMemory { offset },
        SnapshotDataOffset::WasmChunk,
    ] {
        let args = UploadCanisterSnapshotDataArgs {
            canister_id,
            snapshot_id: uploaded.to_vec(),
            kind,
            chunk: chunk.clone(),
        };
        arguments.push(("upload_canister_snapshot_data", Encode!(&args).unwrap()));
    }
    let create = CreateCanisterArgs {
        settings: Some(empty_settings()),
        sender_canister_version: None,
    };
    let provide = ProvisionalCreateCanisterWithCyclesArgs {
        amount: Some(Nat::from(10_u64.pow(12))),
        settings: Some(empty_settings()),
        specified_id: None,
        sender_canister_version: None,
    };
    let top_up = ProvisionalTopUpCanisterArgs {
        canister_id,
        amount: Nat::from(1_u8),
    };
    let update = UpdateSettingsArgs {
        canister_id,
        settings: empty_settings(),
        sender_canister_version: Some(1),
    };
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Upgrade(None),
        canister_id,
        wasm_module: module.clone(),
        arg: vec![1, 2, 3],
        sender_canister_version: None,
    };
    let assemble = InstallChunkedCodeArgs {
        mode: CanisterInstallMode::Reinstall,
        target_canister: canister_id,
        store_canister: Some(canister_id),
        chunk_hashes_list: vec![ChunkHash { hash: vec![1; 32] }],
        wasm_module_hash: vec![2; 32],
        arg: vec![],
        sender_canister_version: None,
    };
    let uninstall = UninstallCodeArgs {
        canister_id,
        sender_canister_version: None,
    };
    let upload = UploadChunkArgs { canister_id, chunk };
    let clear = ClearChunkStoreArgs { canister_id };
    let inform = CanisterInfoArgs {
        canister_id,
        num_requested_changes: Some(20),
    };
    let describe = CanisterMetadataArgs {
        canister_id,
        name: "candid:service".into(),
    };
    let fetch = FetchCanisterLogsArgs {
        canister_id,
        filter: Some(LogFilter::ByIdx { start: 0, end: 9 }),
    };
    let take = TakeCanisterSnapshotArgs {
        canister_id,
        replace_snapshot: Some(taken.to_vec()),
        uninstall_code: None,
        sender_canister_version: None,
    };
    let load = LoadCanisterSnapshotArgs {
        canister_id,
        snapshot_id: taken.to_vec(),
        sender_canister_version: None,
    };
    let read = ReadCanisterSnapshotMetadataArgs {
        canister_id,
        snapshot_id: uploaded.to_vec(),
    };
    let delete = DeleteCanisterSnapshotArgs {
        canister_id,
        snapshot_id: taken.to_vec(),
    };
    let replace = UploadCanisterSnapshotMetadataArgs {
        replace_snapshot: Some(uploaded.to_vec()),
        ..metadata(canister_id)
    };
    arguments.extend([
        ("create_canister", Encode!(&create).unwrap()),
        (
            "provisional_create_canister_with_cycles",
            Encode!(&provide).unwrap(),
        ),
        ("provisional_top_up_canister", Encode!(&top_up).unwrap()),
        ("update_settings", Encode!(&update).unwrap()),
        ("install_code", Encode!(&install).unwrap()),
        ("install_chunked_code", Encode!(&assemble).unwrap()),
        ("uninstall_code", Encode!(&uninstall).unwrap()),
        ("upload_chunk", Encode!(&upload).unwrap()),
        ("clear_chunk_store", Encode!(&clear).unwrap()),
        ("canister_info", Encode!(&inform).unwrap()),
        ("canister_metadata", Encode!(&describe).unwrap()),
        ("fetch_canister_logs", Encode!(&fetch).unwrap()),
        ("take_canister_snapshot", Encode!(&take).unwrap()),
        ("load_canister_snapshot", Encode!(&load).unwrap()),
        ("read_canister_snapshot_metadata", Encode!(&read).unwrap()),
        ("delete_canister_snapshot", Encode!(&delete).unwrap()),
        (
            "upload_canister_snapshot_metadata",
            Encode!(&replace).unwrap(),
        ),
    ]);
    arguments
}

#[tokio::test]
async fn changed_arguments_of_every_method_are_answered() {
    let target = Target::open().await;
    let mut runner = seeded();
    let methods = honest_arguments(Principal::management_canister(), &[], &[]).len();
    for which in 0..methods {
        // A canister for each, since a changed argument may still be one, and do what it says.
        let id = target.create().await;
        let take = TakeCanisterSnapshotArgs {
            canister_id: id,
            replace_snapshot: None,
            uninstall_code: None,
            sender_canister_version: None,
        };
        let reply = target.do_honestly(id, "take_canister_snapshot", take).await;
        let taken = Decode!(&reply, Snapshot).unwrap().id;
        let method = "upload_canister_snapshot_metadata";
        let reply = target.do_honestly(id, method, metadata(id)).await;
        let uploaded = Decode!(&reply, UploadCanisterSnapshotMetadataResult).unwrap();
        let (method, original) =
            honest_arguments(id, &taken, &uploaded.snapshot_id).swap_remove(which);
        for _ in 0..30 {
            let arg = mutated(&mut runner, &original);
            target.ask(id, method, arg.clone()).await;
            let query = target
                .agent
                .query(&Principal::management_canister(), method)
                .with_effective_canister_id(id)
                .with_arg(arg.clone());
            proper(query.call(), method, &arg).await;
        }
    }
    target.close().await;
}

/// Numbers next to every limit, and far from all.
fn number() -> impl Strategy<Value = u64> {
    let limits = [
        0,
        10,
        65_536,
        3 * 65_536,
        2_000_000,
        100 << 20,
        4 << 30,
        6 << 30,
        500 << 30,
        1 << 63,
        u64::MAX,
    ];
    (prop::sample::select(limits.to_vec()), -1..2_i8)
        .prop_map(|(limit, by)| limit.wrapping_add_signed(by.into()))
}

/// Sizes of memories: mostly such that the snapshot comes into being.
fn size() -> impl Strategy<Value = u64> {
    let pages = [0, 1, 2, 4, 65_536];
    prop_oneof![9 => prop::sample::select(pages.to_vec()).prop_map(|pages| pages * 65_536), 1 => number()]
}

fn global() -> impl Strategy<Value = SnapshotMetadataGlobal> {
    prop_oneof![
        4 => any::<i32>().prop_map(SnapshotMetadataGlobal::I32),
        1 => any::<i64>().prop_map(SnapshotMetadataGlobal::I64),
        1 => any::<u64>().prop_map(|bits| SnapshotMetadataGlobal::F64(f64::from_bits(bits))),
        1 => any::<u128>().prop_map(|value| SnapshotMetadataGlobal::V128(Nat::from(value) * 3_u8)),
    ]
}

#[tokio::test]
async fn snapshots_of_any_description_are_refused_or_live() {
    let target = Target::open().await;
    let mut runner = seeded();
    let module = wat::parse_str(COUNTER).unwrap();
    let (mut described, mut loaded, mut ran) = (0, 0, 0);
    for _ in 0..60 {
        let id = target.create().await;
        let (heap, stable, globals, length) = draw(
            &mut runner,
            &(
                size(),
                size(),
                prop_oneof![
                    9 => prop::collection::vec(global(), 1..2),
                    1 => prop::collection::vec(global(), 0..1100)
                ],
                prop_oneof![9 => Just(module.len() as u64), 1 => number()],
            ),
        );
        let hook = prop::sample::select(vec![
            None,
            Some(OnLowWasmMemoryHookStatus::ConditionNotSatisfied),
            Some(OnLowWasmMemoryHookStatus::Ready),
        ]);
        let description = UploadCanisterSnapshotMetadataArgs {
            wasm_memory_size: heap,
            stable_memory_size: stable,
            globals,
            wasm_module_size: length,
            certified_data: vec![1; draw(&mut runner, &(0..34_usize))],
            on_low_wasm_memory_hook_status: draw(&mut runner, &hook),
            global_timer: Some(CanisterTimer::Active(draw(&mut runner, &number()))),
            ..metadata(id)
        };
        let arg = Encode!(&description).unwrap();
        let reply = target
            .ask(id, "upload_canister_snapshot_metadata", arg)
            .await;
        let Some(reply) = reply else { continue };
        described += 1;
        let snapshot_id = Decode!(&reply, UploadCanisterSnapshotMetadataResult)
            .unwrap()
            .snapshot_id;
        let write = |kind, chunk| {
            let args = UploadCanisterSnapshotDataArgs {
                canister_id: id,
                snapshot_id: snapshot_id.clone(),
                kind,
                chunk,
            };
            Encode!(&args).unwrap()
        };
        let whole = write(SnapshotDataOffset::WasmModule { offset: 0 }, module.clone());
        target.ask(id, "upload_canister_snapshot_data", whole).await;
        for _ in 0..3 {
            let (offset, size, bytes) = draw(
                &mut runner,
                &(number(), number(), prop::collection::vec(any::<u8>(), 0..9)),
            );
            for kind in [
                SnapshotDataOffset::WasmMemory { offset },
                SnapshotDataOffset::StableMemory { offset },
                SnapshotDataOffset::WasmModule {
                    offset: offset.max(length),
                },
            ] {
                let arg = write(kind, bytes.clone());
                target.ask(id, "upload_canister_snapshot_data", arg).await;
            }
            for kind in [
                SnapshotDataKind::WasmModule { offset, size },
                SnapshotDataKind::WasmMemory { offset, size },
                SnapshotDataKind::StableMemory { offset, size },
            ] {
                let args = ReadCanisterSnapshotDataArgs {
                    canister_id: id,
                    snapshot_id: snapshot_id.clone(),
                    kind,
                };
                let arg = Encode!(&args).unwrap();
                target.ask(id, "read_canister_snapshot_data", arg).await;
            }
        }
        let load = LoadCanisterSnapshotArgs {
            canister_id: id,
            snapshot_id,
            sender_canister_version: None,
        };
        let load = Encode!(&load).unwrap();
        if target
            .ask(id, "load_canister_snapshot", load)
            .await
            .is_none()
        {
            continue;
        }
        loaded += 1;
        let count = target.agent.update(&id, "count").call_and_wait();
        ran += u32::from(proper(count, "count", &[]).await.is_some());
        let record = CanisterIdRecord { canister_id: id };
        target.do_honestly(id, "canister_status", record).await;
    }
    // The seed is fixed, so that these are facts of it: the cases reach all that they are for.
    assert!(
        described > 20 && loaded > 5 && ran > 0,
        "described {described}, loaded {loaded}, ran {ran}"
    );
    target.close().await;
}

/// An argument whose types go round in circles, or promise more than comes.
#[tokio::test]
async fn candid_that_is_deep_or_vast_is_refused() {
    let target = Target::open().await;
    let id = target.create().await;
    let options = |depth: usize| vec![1; depth];
    // `type t = opt t`, which may be as deep as its value says; alone, and as a field that nobody knows beside an honest one.
    let alone = [&b"DIDL\x01\x6e\x00\x01\x00"[..], &options(1_000_000), &[0]].concat();
    let mut name = b"canister_id".iter().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(223).wrapping_add((*byte).into())
    });
    let beside = [
        b"DIDL\x02\x6e\x00\x6c\x02".to_vec(),
        leb128(name.into()),
        vec![0x68],
        leb128({
            name += 1;
            name.into()
        }),
        vec![0, 1, 1, 1, id.as_slice().len() as u8],
        id.as_slice().to_vec(),
        options(1_000_000),
        vec![0],
    ]
    .concat();
    // A vector of four billion nulls takes no bytes at all; a table of four billion types is not there.
    let nulls = [&b"DIDL\x01\x6d\x7f\x01\x00"[..], &leb128(u32::MAX.into())].concat();
    let table = [&b"DIDL"[..], &leb128(u32::MAX.into())].concat();
    let length = [&b"DIDL\x01\x6d\x7b\x01\x00"[..], &leb128(u64::MAX)].concat();
    for (what, arg) in [
        ("options in options", alone),
        ("an unknown field", beside),
        ("nulls", nulls),
        ("a table", table),
        ("bytes", length),
    ] {
        for method in [
            "canister_status",
            "update_settings",
            "upload_canister_snapshot_metadata",
            "provisional_create_canister_with_cycles",
        ] {
            let answer = target.ask(id, method, arg.clone()).await;
            assert_eq!(answer, None, "{what} is no argument of {method}");
        }
    }
    target.close().await;
}
