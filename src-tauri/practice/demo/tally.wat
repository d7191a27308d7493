;; A running total. The heap is larger than it needs: a shop's canisters are of different sizes.
(module
  (@custom "icp:public candid:service" "service : { add : (nat64) -> (nat64); total : () -> (nat64) query }")
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_arg_data_copy" (func $argument (param i32 i32 i32)))
  (import "ic0" "msg_arg_data_size" (func $argument_size (result i32)))
  (memory 32)
  (global $total (mut i64) (i64.const 0))
  ;; The beginning of a reply, and of an argument: one nat64.
  (data (i32.const 0) "DIDL\00\01\78")
  (func $answer
    (i64.store (i32.const 7) (global.get $total))
    (call $append (i32.const 0) (i32.const 15))
    (call $reply))
  (func (export "canister_update add")
    (if (i32.ne (call $argument_size) (i32.const 15)) (then unreachable))
    (call $argument (i32.const 64) (i32.const 7) (i32.const 8))
    (global.set $total (i64.add (global.get $total) (i64.load (i32.const 64))))
    (call $answer))
  (func (export "canister_query total") (call $answer)))
