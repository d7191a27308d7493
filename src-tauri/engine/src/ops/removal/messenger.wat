;; The messenger: what is put in the place of a canister's code before the canister is deleted, so that its cycles go to an account of
;; the cycles ledger and not into nothing. `send` takes sixteen bytes, the cycles that stay behind (little end first), and then
;; what the ledger's `deposit` is told. It answers as the ledger answers. Nobody but a controller may have it sent.
(module
  (import "ic0" "msg_caller_size" (func $caller_size (result i32)))
  (import "ic0" "msg_caller_copy" (func $caller_copy (param i32 i32 i32)))
  (import "ic0" "is_controller" (func $is_controller (param i32 i32) (result i32)))
  (import "ic0" "msg_arg_data_size" (func $argument_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $argument_copy (param i32 i32 i32)))
  (import "ic0" "canister_cycle_balance128" (func $balance (param i32)))
  (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "ic0" "call_data_append" (func $call_data_append (param i32 i32)))
  (import "ic0" "call_cycles_add128" (func $call_cycles_add (param i64 i64)))
  (import "ic0" "call_perform" (func $call_perform (result i32)))
  (import "ic0" "msg_reject_msg_size" (func $refusal_size (result i32)))
  (import "ic0" "msg_reject_msg_copy" (func $refusal_copy (param i32 i32 i32)))
  (import "ic0" "msg_reply_data_append" (func $reply_data_append (param i32 i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param i32 i32)))
  (import "ic0" "trap" (func $trap (param i32 i32)))

  (memory 1)
  ;; um5iw-rqaaa-aaaaq-qaaba-cai, the cycles ledger.
  (data (i32.const 0) "\00\00\00\00\02\10\00\02\01\01")
  (data (i32.const 16) "deposit")
  (data (i32.const 32) "only a controller may send the cycles away")
  (data (i32.const 80) "no more than what is to stay")
  (data (i32.const 112) "the call cannot be made now")
  ;; 144: who calls. 176: the balance. 192: what stays, and behind it what the ledger is told. 4096: what it answered.

  (table 2 funcref)
  (elem (i32.const 0) $answered $refused)

  (func (export "canister_update send")
    (local $size i32) (local $low i64) (local $high i64) (local $stays i64)
    (call $caller_copy (i32.const 144) (i32.const 0) (call $caller_size))
    (if (i32.eqz (call $is_controller (i32.const 144) (call $caller_size)))
      (then (call $trap (i32.const 32) (i32.const 42))))
    (local.set $size (call $argument_size))
    (call $argument_copy (i32.const 192) (i32.const 0) (local.get $size))
    (call $balance (i32.const 176))
    (local.set $low (i64.load (i32.const 176)))
    (local.set $high (i64.load (i32.const 184)))
    (local.set $stays (i64.load (i32.const 192)))
    ;; What stays fits into eight bytes by far; the other eight are there for the shape of the number.
    (if (i32.and (i64.eqz (local.get $high)) (i64.le_u (local.get $low) (local.get $stays)))
      (then (call $trap (i32.const 80) (i32.const 28))))
    (if (i64.lt_u (local.get $low) (local.get $stays))
      (then (local.set $high (i64.sub (local.get $high) (i64.const 1)))))
    (local.set $low (i64.sub (local.get $low) (local.get $stays)))
    (call $call_new
      (i32.const 0) (i32.const 10) (i32.const 16) (i32.const 7)
      (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
    (call $call_data_append (i32.const 208) (i32.sub (local.get $size) (i32.const 16)))
    (call $call_cycles_add (local.get $high) (local.get $low))
    (if (call $call_perform)
      (then (call $trap (i32.const 112) (i32.const 27)))))

  (func $answered (param $env i32)
    (call $argument_copy (i32.const 4096) (i32.const 0) (call $argument_size))
    (call $reply_data_append (i32.const 4096) (call $argument_size))
    (call $reply))

  (func $refused (param $env i32)
    (local $size i32)
    ;; A refusal of the network's own fits a line; of a longer one the beginning will do.
    (local.set $size (select (i32.const 4096) (call $refusal_size) (i32.gt_u (call $refusal_size) (i32.const 4096))))
    (call $refusal_copy (i32.const 4096) (i32.const 0) (local.get $size))
    (call $reject (i32.const 4096) (local.get $size))))
