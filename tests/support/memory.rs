//! Canisters whose memories are large, of known content, and quick to make.
//!
//! Every page that is used differs from every other, so that a piece in the wrong place is seen; none of them holds long zeros, so that
//! nothing is left out that a real memory would have.

use crate::{About, Bench};
use canopic_engine::CanisterId;
use canopic_practice::interface::{DeleteCanisterSnapshotArgs, Snapshot, TakeCanisterSnapshotArgs};

/// Bytes of a page of WebAssembly.
pub const PAGE: u64 = 65_536;

/// The numbers of the stable memory's pages begin here, so that none is a page of the heap.
const NUMBERS: u64 = 1_000_000;

/// The sizes of a canister's memories, and how much of them is used.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Pages of the heap.
    pub heap_pages: u64,
    /// Pages of the stable memory.
    pub stable_pages: u64,
    /// Pages are used and left zero in turns of so many; none: all are used.
    pub turns: Option<u64>,
}

impl Shape {
    /// So many mebibytes, an eighth of them heap: a message of the practice network costs as much as the heap is large.
    pub fn mebibytes(mebibytes: u64, turns: Option<u64>) -> Self {
        let pages = mebibytes * 16;
        Self {
            heap_pages: pages / 8,
            stable_pages: pages - pages / 8,
            turns,
        }
    }

    /// What the heap holds, made without the network.
    pub fn heap(self) -> Vec<u8> {
        let mut heap = self.pages(self.heap_pages, 0);
        // The first page is where all noise comes from; filling leaves its last number there.
        let last = (0..self.stable_pages)
            .rev()
            .find(|page| self.is_used(*page));
        if let Some(page) = last {
            heap[..8].copy_from_slice(&(page + NUMBERS).to_le_bytes());
        }
        heap
    }

    /// What the stable memory holds, made without the network.
    pub fn stable(self) -> Vec<u8> {
        self.pages(self.stable_pages, NUMBERS)
    }

    fn is_used(self, page: u64) -> bool {
        self.turns
            .is_none_or(|turns| (page / turns).is_multiple_of(2))
    }

    fn pages(self, count: u64, numbers: u64) -> Vec<u8> {
        let mut noise = Vec::with_capacity(PAGE as usize);
        let mut word = 88_172_645_463_325_252_u64;
        for _ in 0..PAGE / 8 {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            noise.extend(word.to_le_bytes());
        }
        let mut bytes = vec![0; (count * PAGE) as usize];
        for (number, page) in (0..).zip(bytes.chunks_mut(PAGE as usize)) {
            if self.is_used(number) {
                page.copy_from_slice(&noise);
                page[..8].copy_from_slice(&(number + numbers).to_le_bytes());
            }
        }
        bytes
    }

    fn module(self) -> String {
        let Self {
            heap_pages,
            stable_pages,
            turns,
        } = self;
        // With turns, a page is used where its number divided by their length is even.
        let is_used = match turns {
            None => "i64.const 1".to_owned(),
            Some(turns) => format!(
                "local.get $page i64.const {turns} i64.div_u i64.const 1 i64.and i64.const 1 i64.xor"
            ),
        };
        format!(
            r#"(module
  (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
  (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_arg_data_copy" (func $copy (param i32 i32 i32)))
  (memory {heap_pages})
  (func $is_used (param $page i64) (result i32) {is_used} i32.wrap_i64)
  ;; The first page is noise; the others are the same noise with their number in front.
  (func (export "canister_init") (local $at i32) (local $noise i64) (local $page i64)
    i64.const 88172645463325252 local.set $noise
    (loop $fill
      local.get $noise local.get $noise i64.const 13 i64.shl i64.xor local.tee $noise
      local.get $noise i64.const 7 i64.shr_u i64.xor local.tee $noise
      local.get $noise i64.const 17 i64.shl i64.xor local.set $noise
      local.get $at local.get $noise i64.store
      local.get $at i32.const 8 i32.add local.tee $at i32.const 65536 i32.lt_u br_if $fill)
    i64.const {stable_pages} call $grow drop
    i64.const 1 local.set $page
    (block $done (loop $next
      local.get $page i64.const {heap_pages} i64.ge_u br_if $done
      local.get $page call $is_used (if (then
        local.get $page i64.const 16 i64.shl i32.wrap_i64 i32.const 0 i32.const 65536 memory.copy
        local.get $page i64.const 16 i64.shl i32.wrap_i64 local.get $page i64.store))
      local.get $page i64.const 1 i64.add local.set $page
      br $next)))
  ;; Fills so many pages of the stable memory, from a page on: four bytes each.
  (func (export "canister_update fill") (local $page i64) (local $end i64)
    i32.const 0 i32.const 0 i32.const 8 call $copy
    i32.const 0 i64.load32_u local.set $page
    i32.const 4 i64.load32_u local.get $page i64.add local.set $end
    (block $done (loop $next
      local.get $page local.get $end i64.ge_u br_if $done
      local.get $page call $is_used (if (then
        i32.const 0 local.get $page i64.const 1000000 i64.add i64.store
        local.get $page i64.const 16 i64.shl i64.const 0 i64.const 65536 call $write))
      local.get $page i64.const 1 i64.add local.set $page
      br $next))
    call $reply))"#
        )
    }
}

/// A canister of this shape, and a snapshot of it.
pub async fn settle(bench: &Bench, shape: Shape) -> (CanisterId, Vec<u8>) {
    /// Pages that one message fills: it has to end within the instructions of a message.
    const AT_ONCE: u64 = 2048;
    let id = bench.create().await;
    bench.install(id, &shape.module()).await;
    for page in (0..shape.stable_pages).step_by(AT_ONCE as usize) {
        let count = AT_ONCE.min(shape.stable_pages - page);
        let argument = [(page as u32).to_le_bytes(), (count as u32).to_le_bytes()].concat();
        bench
            .agent()
            .update(&id.principal(), "fill")
            .with_arg(argument)
            .call_and_wait()
            .await
            .expect("the memory can be filled");
    }
    (id, take(bench, id).await)
}

/// Takes a snapshot beside the engine.
pub async fn take(bench: &Bench, id: CanisterId) -> Vec<u8> {
    let arguments = TakeCanisterSnapshotArgs {
        canister_id: id.principal(),
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    let (taken,): (Snapshot,) = bench
        .manage(id.principal(), "take_canister_snapshot", (arguments,))
        .await
        .expect("a canister with code can be taken");
    taken.id
}

/// The ids of a canister's snapshots, as the network tells them.
pub async fn snapshots(bench: &Bench, id: CanisterId) -> Vec<Vec<u8>> {
    let (listed,): (Vec<Snapshot>,) = bench
        .manage(id.principal(), "list_canister_snapshots", (About::of(id),))
        .await
        .expect("the owner may see them");
    listed.into_iter().map(|snapshot| snapshot.id).collect()
}

/// Deletes a snapshot beside the engine.
///
/// # Panics
///
/// Where the network refuses.
pub async fn forget(bench: &Bench, id: CanisterId, snapshot: &[u8]) {
    let arguments = DeleteCanisterSnapshotArgs {
        canister_id: id.principal(),
        snapshot_id: snapshot.to_vec(),
    };
    let () = bench
        .manage(id.principal(), "delete_canister_snapshot", (arguments,))
        .await
        .expect("a snapshot can be deleted");
}
