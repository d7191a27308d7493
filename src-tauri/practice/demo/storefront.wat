;; The shop's window: a home page, pictures in stable memory, and a count of visits.
;; The pictures take 50 MiB, of which only the first bytes of each are written: what nobody wrote costs nothing.
(module
  (@custom "icp:public candid:service"
    "service : { home : () -> (text) query; picture : (nat32) -> (blob) query; visit : () -> (nat64) }")
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_arg_data_copy" (func $argument (param i32 i32 i32)))
  (import "ic0" "msg_arg_data_size" (func $argument_size (result i32)))
  (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
  (import "ic0" "stable64_read" (func $read (param i64 i64 i64)))
  (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
  (memory 24)
  (global $visits (mut i64) (i64.const 0))
  ;; The reply of `home`: one text.
  (data (i32.const 0) "DIDL\00\01\71\57Harbour Books. Open from nine to six. New this week: seven novels and a map of the bay.")
  ;; The beginning of the reply of `visit`, one nat64, and of `picture`, one blob of 64 bytes.
  (data (i32.const 256) "DIDL\00\01\78")
  (data (i32.const 512) "DIDL\01\6d\7b\01\00\40")
  ;; A picture: its number, then what it is.
  (data (i32.const 1028) "a picture of a book")
  (func (export "canister_init") (local $number i32)
    (if (i64.eq (call $grow (i64.const 800)) (i64.const -1)) (then unreachable))
    (loop $next
      (i32.store (i32.const 1024) (local.get $number))
      (call $write
        (i64.shl (i64.extend_i32_u (local.get $number)) (i64.const 20)) (i64.const 1024) (i64.const 64))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $number) (i32.const 50)))))
  (func (export "canister_query home")
    (call $append (i32.const 0) (i32.const 95))
    (call $reply))
  (func (export "canister_query picture")
    (if (i32.ne (call $argument_size) (i32.const 11)) (then unreachable))
    (call $argument (i32.const 2048) (i32.const 7) (i32.const 4))
    (if (i32.ge_u (i32.load (i32.const 2048)) (i32.const 50)) (then unreachable))
    (call $read
      (i64.const 3072) (i64.shl (i64.extend_i32_u (i32.load (i32.const 2048))) (i64.const 20)) (i64.const 64))
    (call $append (i32.const 512) (i32.const 10))
    (call $append (i32.const 3072) (i32.const 64))
    (call $reply))
  (func (export "canister_update visit")
    (global.set $visits (i64.add (global.get $visits) (i64.const 1)))
    (i64.store (i32.const 263) (global.get $visits))
    (call $append (i32.const 256) (i32.const 15))
    (call $reply)))
