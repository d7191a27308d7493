//! What must outlive everything that is done to a canister: its state, in compiled Motoko and in modules too large for one
//! call, through upgrades, snapshots, restores and restarts of the network.
#![allow(clippy::unwrap_used)]

use candid::utils::ArgumentDecoder;
use candid::{CandidType, Decode, Encode, Nat, Principal};
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, ChunkHash, InstallChunkedCodeArgs, InstallCodeArgs,
    LoadCanisterSnapshotArgs, ProvisionalCreateCanisterWithCyclesArgs,
    ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotDataResult, Snapshot, SnapshotDataKind,
    TakeCanisterSnapshotArgs, UpgradeFlags, UploadChunkArgs, WasmMemoryPersistence,
};
use canopic_practice::{Network, Options, start};
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, AgentError};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const NOTEBOOK: &[u8] = include_bytes!("../../../tests/conformance/wasm/notebook.wasm");
const NEXT_NOTEBOOK: &[u8] = include_bytes!("../../../tests/conformance/wasm/notebook2.wasm");
const LEDGER: &[u8] = include_bytes!("../../../tests/conformance/wasm/ledger.wasm");
const CLASSIC_LEDGER: &[u8] = include_bytes!("../../../tests/conformance/wasm/ledger_classic.wasm");

/// The largest chunk that a chunk store takes, and the largest slice of a snapshot that one call reads.
const CHUNK: usize = 1 << 20;
const SLICE: u64 = 2_000_000;

/// One canister on a network that keeps its state in a folder.
struct Life {
    folder: TempDir,
    network: Network,
    agent: Agent,
    id: Principal,
}

async fn open(folder: &TempDir) -> (Network, Agent) {
    let network = start(Options {
        state: Some(folder.path().to_owned()),
        ..Options::default()
    })
    .await
    .unwrap();
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(BasicIdentity::from_raw_key(&[1; 32]))
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    (network, agent)
}

impl Life {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (network, agent) = open(&folder).await;
        let id = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
        let mut life = Self {
            folder,
            network,
            agent,
            id,
        };
        let create = ProvisionalCreateCanisterWithCyclesArgs::default();
        let reply = life
            .manage("provisional_create_canister_with_cycles", create)
            .await
            .unwrap();
        life.id = Decode!(&reply, CanisterIdRecord).unwrap().canister_id;
        life
    }

    /// Stops the network and starts another one from the folder that it left.
    async fn restart(self) -> Self {
        let Self {
            folder,
            network,
            id,
            ..
        } = self;
        network.stop().await;
        let (network, agent) = open(&folder).await;
        Self {
            folder,
            network,
            agent,
            id,
        }
    }

    async fn manage(&self, method: &str, args: impl CandidType) -> Result<Vec<u8>, AgentError> {
        self.agent
            .update(&Principal::management_canister(), method)
            .with_effective_canister_id(self.id)
            .with_arg(Encode!(&args).unwrap())
            .call_and_wait()
            .await
    }

    async fn update<T: for<'a> ArgumentDecoder<'a>>(&self, method: &str, arg: Vec<u8>) -> T {
        let call = self.agent.update(&self.id, method).with_arg(arg);
        candid::decode_args(&call.call_and_wait().await.unwrap()).unwrap()
    }

    async fn query<T: for<'a> ArgumentDecoder<'a>>(&self, method: &str, arg: Vec<u8>) -> T {
        let query = self.agent.query(&self.id, method).with_arg(arg);
        candid::decode_args(&query.call().await.unwrap()).unwrap()
    }

    async fn install(&self, mode: CanisterInstallMode, module: &[u8]) {
        let args = InstallCodeArgs {
            mode,
            canister_id: self.id,
            wasm_module: module.to_vec(),
            arg: Encode!().unwrap(),
            sender_canister_version: None,
        };
        self.manage("install_code", args).await.unwrap();
    }

    async fn upload(&self, chunk: &[u8]) -> ChunkHash {
        let args = UploadChunkArgs {
            canister_id: self.id,
            chunk: chunk.to_vec(),
        };
        let reply = self.manage("upload_chunk", args).await.unwrap();
        Decode!(&reply, ChunkHash).unwrap()
    }

    async fn assemble(&self, mode: CanisterInstallMode, module: &[u8], chunks: Vec<ChunkHash>) {
        let args = InstallChunkedCodeArgs {
            mode,
            target_canister: self.id,
            store_canister: None,
            chunk_hashes_list: chunks,
            wasm_module_hash: Sha256::digest(module).to_vec(),
            arg: Encode!().unwrap(),
            sender_canister_version: None,
        };
        self.manage("install_chunked_code", args).await.unwrap();
    }

    async fn take_snapshot(&self) -> Vec<u8> {
        let args = TakeCanisterSnapshotArgs {
            canister_id: self.id,
            replace_snapshot: None,
            uninstall_code: None,
            sender_canister_version: None,
        };
        let reply = self.manage("take_canister_snapshot", args).await.unwrap();
        Decode!(&reply, Snapshot).unwrap().id
    }

    async fn restore(&self, snapshot: &[u8]) {
        let args = LoadCanisterSnapshotArgs {
            canister_id: self.id,
            snapshot_id: snapshot.to_vec(),
            sender_canister_version: None,
        };
        self.manage("load_canister_snapshot", args).await.unwrap();
    }

    async fn module_in(&self, snapshot: &[u8], length: usize) -> Vec<u8> {
        let mut module = Vec::new();
        while module.len() < length {
            let offset = module.len() as u64;
            let args = ReadCanisterSnapshotDataArgs {
                canister_id: self.id,
                snapshot_id: snapshot.to_vec(),
                kind: SnapshotDataKind::WasmModule {
                    offset,
                    size: SLICE.min(length as u64 - offset),
                },
            };
            let reply = self
                .manage("read_canister_snapshot_data", args)
                .await
                .unwrap();
            let slice = Decode!(&reply, ReadCanisterSnapshotDataResult).unwrap();
            module.extend(slice.chunk);
        }
        module
    }

    /// The certified hash of what runs.
    async fn module_hash(&self) -> Vec<u8> {
        self.agent
            .read_state_canister_module_hash(self.id)
            .await
            .unwrap()
    }
}

/// An upgrade that keeps the heap, as enhanced persistence has it.
fn keeping() -> CanisterInstallMode {
    CanisterInstallMode::Upgrade(Some(UpgradeFlags {
        skip_pre_upgrade: None,
        wasm_memory_persistence: Some(WasmMemoryPersistence::Keep),
    }))
}

#[derive(Debug, PartialEq)]
struct Notes {
    all: Vec<String>,
    total: u32,
    since_start: u32,
}

async fn notes(life: &Life) -> Notes {
    let (all,) = life.query("all", Encode!().unwrap()).await;
    let (total, since_start): (Nat, Nat) = life.query("counts", Encode!().unwrap()).await;
    let number = |nat: Nat| u32::try_from(nat.0).unwrap();
    Notes {
        all,
        total: number(total),
        since_start: number(since_start),
    }
}

async fn note(life: &Life, text: &str) {
    let (_kept,): (Nat,) = life.update("add", Encode!(&text).unwrap()).await;
}

fn noted(all: [&str; 2], total: u32, since_start: u32) -> Notes {
    Notes {
        all: all.map(str::to_owned).to_vec(),
        total,
        since_start,
    }
}

#[tokio::test]
async fn a_notebook_keeps_its_notes_whatever_happens_to_it() {
    let life = Life::begin().await;
    life.install(CanisterInstallMode::Install, NOTEBOOK).await;
    note(&life, "jars").await;
    note(&life, "lids").await;
    let first = noted(["jars", "lids"], 2, 2);
    assert_eq!(notes(&life).await, first, "what was written");
    let early = life.take_snapshot().await;

    life.install(keeping(), NEXT_NOTEBOOK).await;
    assert_eq!(
        notes(&life).await,
        noted(["jars", "lids"], 2, 0),
        "an upgrade keeps what is stable and begins what is transient anew"
    );
    let (title,): (String,) = life.query("getTitle", Encode!().unwrap()).await;
    assert_eq!(title, "untitled", "the new variable has its first value");
    let (): () = life.update("setTitle", Encode!(&"Pantry").unwrap()).await;
    note(&life, "labels").await;
    let second = noted(["lids", "labels"], 3, 1);
    assert_eq!(notes(&life).await, second, "the new code writes");
    let late = life.take_snapshot().await;

    let life = life.restart().await;
    assert_eq!(
        notes(&life).await,
        second,
        "a restart of the network is nothing that a canister notices: transient variables stay, too"
    );
    life.restore(&early).await;
    assert_eq!(notes(&life).await, first, "the early notes are back");
    assert_eq!(
        life.module_hash().await,
        Sha256::digest(NOTEBOOK).to_vec(),
        "and so is the early code"
    );
    note(&life, "ladle").await;
    let (all,): (Vec<String>,) = life.query("all", Encode!().unwrap()).await;
    assert_eq!(all, ["jars", "lids", "ladle"], "which goes on from there");

    let life = life.restart().await;
    let (all,): (Vec<String>,) = life.query("all", Encode!().unwrap()).await;
    assert_eq!(
        all,
        ["jars", "lids", "ladle"],
        "a restored canister lives through a restart"
    );
    life.restore(&late).await;
    assert_eq!(
        notes(&life).await,
        second,
        "a snapshot lives through two restarts"
    );
    let (title,): (String,) = life.query("getTitle", Encode!().unwrap()).await;
    assert_eq!(title, "Pantry", "with all that it holds");
    life.restore(&early).await;
    life.install(keeping(), NEXT_NOTEBOOK).await;
    assert_eq!(
        notes(&life).await,
        noted(["jars", "lids"], 2, 0),
        "what was restored can be upgraded again"
    );
    life.network.stop().await;
}

/// The module, made larger by a custom section of three million bytes that do not compress.
fn padded(module: &[u8], seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    let padding: Vec<u8> = (0..750_000).flat_map(|_| noise()).collect();
    let section = wasm_encoder::CustomSection {
        name: "padding".into(),
        data: padding.into(),
    };
    let mut large = module.to_vec();
    large.push(wasm_encoder::SectionId::Custom.into());
    wasm_encoder::Encode::encode(&section, &mut large);
    assert!(large.len() > 2 << 20, "too large for one call");
    large
}

#[derive(CandidType, Deserialize)]
enum Transferred {
    #[serde(rename = "ok")]
    Ok(Nat),
    #[serde(rename = "err")]
    Err(String),
}

const FRIEND: Principal = Principal::from_slice(&[7; 29]);

async fn pay(life: &Life, amount: u32) {
    let arg = Encode!(&FRIEND, &Nat::from(amount)).unwrap();
    let (outcome,): (Transferred,) = life.update("transfer", arg).await;
    assert!(matches!(outcome, Transferred::Ok(_)), "there is enough");
}

/// What the owner and the friend have.
async fn balances(life: &Life) -> (Nat, Nat) {
    let owner = life.agent.get_principal().unwrap();
    let (of_owner,) = life.query("balance", Encode!(&owner).unwrap()).await;
    let (of_friend,) = life.query("balance", Encode!(&FRIEND).unwrap()).await;
    (of_owner, of_friend)
}

fn balanced(of_owner: u32, of_friend: u32) -> (Nat, Nat) {
    (of_owner.into(), of_friend.into())
}

async fn a_large_ledger_keeps_its_books(module: &[u8], upgrade: CanisterInstallMode) {
    let (first, second) = (padded(module, 1), padded(module, 2));
    let life = Life::begin().await;
    let mut chunks = Vec::new();
    let mut pieces = first.chunks(CHUNK);
    chunks.push(life.upload(pieces.next().unwrap()).await);
    let life = life.restart().await;
    for piece in pieces {
        chunks.push(life.upload(piece).await);
    }
    // The first of these chunks was uploaded before the restart.
    life.assemble(CanisterInstallMode::Install, &first, chunks)
        .await;
    assert_eq!(
        life.module_hash().await,
        Sha256::digest(&first).to_vec(),
        "put together in order"
    );
    let (minted,): (Nat,) = life
        .update("mint", Encode!(&Nat::from(100_u32)).unwrap())
        .await;
    assert_eq!(minted, Nat::from(100_u32), "it runs");
    pay(&life, 30).await;
    assert_eq!(balances(&life).await, balanced(70, 30), "a payment");
    let early = life.take_snapshot().await;

    let mut chunks = Vec::new();
    for piece in second.chunks(CHUNK) {
        chunks.push(life.upload(piece).await);
    }
    life.assemble(upgrade, &second, chunks).await;
    assert_eq!(
        life.module_hash().await,
        Sha256::digest(&second).to_vec(),
        "upgraded"
    );
    assert_eq!(
        balances(&life).await,
        balanced(70, 30),
        "the books outlive an upgrade"
    );
    pay(&life, 20).await;

    let life = life.restart().await;
    assert_eq!(
        balances(&life).await,
        balanced(50, 50),
        "the books outlive a restart"
    );
    assert!(
        life.module_in(&early, first.len()).await == first,
        "the snapshot has the first module, byte by byte"
    );
    life.restore(&early).await;
    assert_eq!(
        (life.module_hash().await, balances(&life).await),
        (Sha256::digest(&first).to_vec(), balanced(70, 30)),
        "code and books as they were"
    );

    let life = life.restart().await;
    pay(&life, 70).await;
    assert_eq!(
        balances(&life).await,
        balanced(0, 100),
        "and business goes on"
    );
    life.network.stop().await;
}

#[tokio::test]
async fn a_large_ledger_of_enhanced_persistence_keeps_its_books() {
    a_large_ledger_keeps_its_books(LEDGER, keeping()).await;
}

#[tokio::test]
async fn a_large_ledger_of_classic_persistence_keeps_its_books() {
    a_large_ledger_keeps_its_books(CLASSIC_LEDGER, CanisterInstallMode::Upgrade(None)).await;
}
