//! The network's own canisters, at their mainnet ids: what `icp` needs to make, pay and move.
//!
//! They are native code with the real interfaces, not Wasm: the ICP ledger, the cycles ledger, the cycles minting canister and the
//! registry's one question. Money is free here: the anonymous identity is rich, and whoever wants some is given
//! some by it, as `icp network start` does.

mod interface;

use self::interface::{
    AccountBalanceArgs, Allowance, ConversionRate, CreateCanister, CreateError, Created, Deposit,
    Deposited, FoundSubnet, IcrcTransfer, LegacyError, LegacyTransfer, MetadataValue, NewCycles,
    NotifyCreate, NotifyError, NotifyMint, NotifyTopUp, Rate, Standard, SubnetForCanister,
    SubnetSelection, Tokens, Withdraw, WithdrawError,
};
use crate::blocks::World;
use crate::canister::Origin;
use crate::cycles::{CREATION, TRILLION};
use crate::errors::{ErrorCode, Reject};
use crate::execute::Trap;
use crate::interface::CanisterSettings;
use crate::ledger::{Account, Ledger, Transfer, TransferError};
use crate::management::{self, Caller};
use crate::messages::Call;
use crate::subnet::{Topology, canister_id};
use candid::{CandidType, Nat, Principal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The numbers in the mainnet ids.
const REGISTRY: u64 = 0;
const ICP_LEDGER: u64 = 2;
const MINTING: u64 = 4;
const CYCLES_LEDGER: u64 = 0x210_0002;

const ICP_FEE: u128 = 10_000;
const CYCLES_FEE: u128 = 100_000_000;
/// What an ICP is worth, in ten-thousandths of an XDR; one XDR is a trillion cycles.
const XDR_PERMYRIAD_PER_ICP: u64 = 35_000;
/// The memos that tell the minting canister what a payment is for.
const MEMO_MINT: u64 = 0x544e_494d;
const MEMO_CREATE: u64 = 0x4145_5243;
const MEMO_TOP_UP: u64 = 0x5055_5054;

/// The ledgers and the mint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Economy {
    icp: Ledger,
    cycles: Ledger,
    /// The canisters that transfers of the cycles ledger made, by block index.
    made: BTreeMap<u64, Principal>,
    /// The payments that the minting canister has honoured, by block index, and with what.
    honoured: BTreeMap<u64, Honoured>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Honoured {
    Minted {
        balance: u128,
        block: u64,
        minted: u128,
    },
    Created(Principal),
    ToppedUp(u128),
}

impl Default for Economy {
    fn default() -> Self {
        let mut economy = Self {
            icp: Ledger::new(ICP_FEE),
            cycles: Ledger::new(CYCLES_FEE),
            made: BTreeMap::new(),
            honoured: BTreeMap::new(),
        };
        let rich = Account::of(Principal::anonymous()).identifier();
        economy.icp.mint(rich.clone(), 1_000_000_000 * 100_000_000);
        economy.cycles.mint(rich, 1_000_000_000 * TRILLION);
        // The owner of the demo fleet can pay for a few canisters without asking.
        let owner = Account::of(crate::demo::owner()).identifier();
        economy.icp.mint(owner.clone(), 1_000 * 100_000_000);
        economy.cycles.mint(owner, 1_000 * TRILLION);
        economy
    }
}

/// Whether a canister is one of these.
pub fn is_native(id: Principal) -> bool {
    [REGISTRY, ICP_LEDGER, MINTING, CYCLES_LEDGER]
        .map(canister_id)
        .contains(&id)
}

fn decode<T: DeserializeOwned + CandidType>(argument: &[u8]) -> Result<T, Reject> {
    candid::decode_one(argument)
        .map_err(|error| trapped(&format!("failed to decode call arguments: {error}")))
}

/// What a canister of code would have said by trapping.
fn trapped(message: &str) -> Reject {
    let trap = Trap::Called(message.to_owned());
    Reject::numbered(trap.code(), trap.to_string())
}

fn encode<T: CandidType>(value: T) -> Result<Vec<u8>, Reject> {
    candid::encode_one(value).map_err(|error| {
        Reject::new(
            ErrorCode::ContractViolation,
            format!("Error encoding candid: {error}"),
        )
    })
}

fn amount(number: &Nat) -> Result<u128, Reject> {
    number
        .0
        .clone()
        .try_into()
        .map_err(|_| trapped(&format!("{number} is too much")))
}

type Outcome<T, E> = Result<T, E>;

/// Answers a query; also a query method that is called as an update.
pub fn query(
    world: &World,
    id: Principal,
    method: &str,
    argument: &[u8],
) -> Result<Vec<u8>, Reject> {
    let economy = &world.economy;
    let (ledger, name, symbol, decimals) = if id == canister_id(ICP_LEDGER) {
        (&economy.icp, "Internet Computer", "ICP", 8_u8)
    } else {
        (&economy.cycles, "Trillion Cycles", "TCYCLES", 12_u8)
    };
    let is_ledger = id == canister_id(ICP_LEDGER) || id == canister_id(CYCLES_LEDGER);
    match method {
        "icrc1_balance_of" if is_ledger => {
            let account: Account = decode(argument)?;
            encode(Nat::from(ledger.balance(&account.normal().identifier())))
        }
        "icrc1_fee" if is_ledger => encode(Nat::from(ledger.fee)),
        "icrc1_name" if is_ledger => encode(name),
        "icrc1_symbol" if is_ledger => encode(symbol),
        "icrc1_decimals" if is_ledger => encode(decimals),
        "icrc1_total_supply" if is_ledger => encode(Nat::from(ledger.supply())),
        "icrc1_minting_account" if is_ledger => encode(None::<Account>),
        "icrc1_metadata" if is_ledger => encode(vec![
            ("icrc1:name", MetadataValue::Text(name.into())),
            ("icrc1:symbol", MetadataValue::Text(symbol.into())),
            ("icrc1:decimals", MetadataValue::Nat(decimals.into())),
            ("icrc1:fee", MetadataValue::Nat(ledger.fee.into())),
        ]),
        "icrc1_supported_standards" if is_ledger => {
            encode(["ICRC-1", "ICRC-2"].map(|name| Standard {
                name,
                url: format!("https://github.com/dfinity/ICRC-1/tree/main/standards/{name}"),
            }))
        }
        // Nobody can approve anything here, so nothing is ever allowed.
        "icrc2_allowance" if is_ledger => encode(Allowance {
            allowance: 0_u8.into(),
            expires_at: None,
        }),
        "account_balance" if id == canister_id(ICP_LEDGER) => {
            let args: AccountBalanceArgs = decode(argument)?;
            encode(Tokens {
                e8s: economy.icp.balance(&args.account) as u64,
            })
        }
        "get_default_subnets" if id == canister_id(MINTING) => {
            let subnets = world
                .topology
                .subnets()
                .iter()
                .filter(|subnet| subnet.kind == "application");
            encode(subnets.map(|subnet| subnet.id).collect::<Vec<_>>())
        }
        "get_icp_xdr_conversion_rate" if id == canister_id(MINTING) => encode(ConversionRate {
            data: Rate {
                xdr_permyriad_per_icp: XDR_PERMYRIAD_PER_ICP,
                timestamp_seconds: world.time / 1_000_000_000,
            },
            hash_tree: ByteBuf::new(),
            certificate: ByteBuf::new(),
        }),
        "get_subnet_for_canister" if id == canister_id(REGISTRY) => {
            let args: SubnetForCanister = decode(argument)?;
            let index = args.principal.and_then(|id| world.topology.route(id));
            let found = index.map(|index| FoundSubnet {
                subnet_id: Some(world.topology.subnets()[index].id),
            });
            encode(found.ok_or("Canister is not assigned to any subnet"))
        }
        _ => Err(Reject::new(
            ErrorCode::MethodNotFound,
            format!("Error from Canister {id}: Canister has no query method '{method}'."),
        )),
    }
}

/// Does a call; gives the reply and the cycles that were accepted.
pub fn call(world: &mut World, call: &Call) -> Result<(Vec<u8>, u128), Reject> {
    let Call {
        callee,
        caller,
        method,
        argument,
        ..
    } = call;
    let (now, caller) = (world.time, *caller);
    let reply = match method.as_str() {
        "transfer" if *callee == canister_id(ICP_LEDGER) => {
            let args: LegacyTransfer = decode(argument)?;
            let transfer = Transfer {
                from: Account {
                    owner: caller,
                    subaccount: args.from_subaccount,
                }
                .normal()
                .identifier(),
                to: Some(args.to.into_vec()),
                amount: args.amount.e8s.into(),
                fee: Some(args.fee.e8s.into()),
                memo: args.memo,
                created_at: args.created_at_time.map(|time| time.timestamp_nanos),
                discriminator: vec![],
            };
            let outcome = Arc::make_mut(&mut world.economy)
                .icp
                .transfer(now, transfer);
            encode(outcome.map_err(LegacyError::from))?
        }
        "icrc1_transfer"
            if *callee == canister_id(ICP_LEDGER) || *callee == canister_id(CYCLES_LEDGER) =>
        {
            let args: IcrcTransfer = decode(argument)?;
            let transfer = Transfer {
                from: Account {
                    owner: caller,
                    subaccount: args.from_subaccount,
                }
                .normal()
                .identifier(),
                to: Some(args.to.normal().identifier()),
                amount: amount(&args.amount)?,
                fee: args.fee.as_ref().map(amount).transpose()?,
                memo: 0,
                created_at: args.created_at_time,
                discriminator: args.memo.map(ByteBuf::into_vec).unwrap_or_default(),
            };
            let economy = Arc::make_mut(&mut world.economy);
            let ledger = if *callee == canister_id(ICP_LEDGER) {
                &mut economy.icp
            } else {
                &mut economy.cycles
            };
            encode(ledger.transfer(now, transfer).map(Nat::from))?
        }
        "deposit" if *callee == canister_id(CYCLES_LEDGER) => {
            let args: Deposit = decode(argument)?;
            let to = args.to.normal().identifier();
            let Some(received) = call.cycles.checked_sub(CYCLES_FEE) else {
                return Err(trapped(&format!(
                    "deposit needs at least {CYCLES_FEE} cycles"
                )));
            };
            let ledger = &mut Arc::make_mut(&mut world.economy).cycles;
            let block_index = Nat::from(ledger.mint(to.clone(), received));
            return Ok((
                encode(Deposited {
                    balance: ledger.balance(&to).into(),
                    block_index,
                })?,
                call.cycles,
            ));
        }
        "create_canister" if *callee == canister_id(CYCLES_LEDGER) => {
            encode(create_canister(world, caller, decode(argument)?)?)?
        }
        "withdraw" if *callee == canister_id(CYCLES_LEDGER) => {
            encode(withdraw(world, caller, &decode(argument)?)?)?
        }
        "notify_mint_cycles" if *callee == canister_id(MINTING) => {
            encode(notify_mint(world, caller, decode(argument)?))?
        }
        "notify_create_canister" if *callee == canister_id(MINTING) => {
            encode(notify_create(world, caller, decode(argument)?))?
        }
        "notify_top_up" if *callee == canister_id(MINTING) => {
            encode(notify_top_up(world, &decode(argument)?))?
        }
        _ => query(world, *callee, method, argument).map_err(|reject| {
            match reject.error.as_str() {
                "IC0536" => Reject::new(
                    ErrorCode::MethodNotFound,
                    reject.message.replacen("query method", "update method", 1),
                ),
                _ => reject,
            }
        })?,
    };
    Ok((reply, 0))
}

/// The subnet that a selection asks for.
fn selected(topology: &Topology, selection: Option<&SubnetSelection>) -> Result<usize, String> {
    match selection {
        None | Some(SubnetSelection::Filter(_)) => Ok(Topology::DEFAULT_SUBNET),
        Some(SubnetSelection::Subnet { subnet }) => topology
            .subnet_index(*subnet)
            .ok_or_else(|| format!("Subnet {subnet} does not exist")),
    }
}

/// Makes a canister in the name of somebody who paid for it.
fn make(
    world: &mut World,
    controller: Principal,
    selection: Option<&SubnetSelection>,
    settings: Option<CanisterSettings>,
    paid: u128,
) -> Result<Principal, String> {
    let subnet = selected(&world.topology, selection)?;
    let balance = paid
        .checked_sub(CREATION)
        .ok_or_else(|| format!("Insufficient cycles attached: creating costs {CREATION}"))?;
    let mut settings = settings.unwrap_or_default();
    settings.controllers.get_or_insert_with(|| vec![controller]);
    let minting = canister_id(MINTING);
    let origin = Origin::Canister {
        id: minting,
        callback: 0,
    };
    let caller = Caller {
        id: minting,
        origin,
        version: Some(1),
        cycles: 0,
    };
    management::create(world, subnet, &caller, None, Some(settings), balance)
        .map_err(|reject| reject.message)
}

fn create_canister(
    world: &mut World,
    caller: Principal,
    args: CreateCanister,
) -> Result<Outcome<Created, CreateError>, Reject> {
    let (now, paid) = (world.time, amount(&args.amount)?);
    let from = Account {
        owner: caller,
        subaccount: args.from_subaccount,
    }
    .normal()
    .identifier();
    let transfer = Transfer {
        from: from.clone(),
        to: None,
        amount: paid,
        fee: None,
        memo: MEMO_CREATE,
        created_at: args.created_at_time,
        discriminator: vec![],
    };
    let block = match Arc::make_mut(&mut world.economy)
        .cycles
        .transfer(now, transfer)
    {
        Ok(block) => block,
        Err(TransferError::Duplicate { duplicate_of }) => {
            let canister_id = u64::try_from(duplicate_of.0.clone())
                .ok()
                .and_then(|block| world.economy.made.get(&block).copied());
            return Ok(Err(CreateError::Duplicate {
                duplicate_of,
                canister_id,
            }));
        }
        Err(error) => return Ok(Err(error.into())),
    };
    let creation = args.creation_args.unwrap_or_default();
    match make(
        world,
        caller,
        creation.subnet_selection.as_ref(),
        creation.settings,
        paid,
    ) {
        Ok(id) => {
            Arc::make_mut(&mut world.economy).made.insert(block, id);
            Ok(Ok(Created {
                block_id: block.into(),
                canister_id: id,
            }))
        }
        Err(error) => {
            // The cycles come back, the fee does not.
            let refund = Arc::make_mut(&mut world.economy).cycles.mint(from, paid);
            Ok(Err(CreateError::FailedToCreate {
                fee_block: Some(block.into()),
                refund_block: Some(refund.into()),
                error,
            }))
        }
    }
}

fn withdraw(
    world: &mut World,
    caller: Principal,
    args: &Withdraw,
) -> Result<Outcome<Nat, WithdrawError>, Reject> {
    let (now, paid, to) = (world.time, amount(&args.amount)?, args.to);
    if world.find(to).is_none() {
        return Ok(Err(WithdrawError::InvalidReceiver { receiver: to }));
    }
    let transfer = Transfer {
        from: Account {
            owner: caller,
            subaccount: args.from_subaccount.clone(),
        }
        .normal()
        .identifier(),
        to: None,
        amount: paid,
        fee: None,
        memo: MEMO_TOP_UP,
        created_at: args.created_at_time,
        discriminator: to.as_slice().to_vec(),
    };
    match Arc::make_mut(&mut world.economy)
        .cycles
        .transfer(now, transfer)
    {
        Ok(block) => {
            if let Some(canister) = world.find_mut(to) {
                canister.cycles = canister.cycles.saturating_add(paid);
            }
            Ok(Ok(block.into()))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

/// The payment behind a notification: made to the subaccount of this principal, for this purpose; in cycles.
fn payment(
    world: &World,
    block: u64,
    beneficiary: Principal,
    memo: u64,
) -> Result<u128, NotifyError> {
    let invalid = |reason: &str| NotifyError::InvalidTransaction(reason.to_owned());
    let entry = world
        .economy
        .icp
        .entries
        .get(block as usize)
        .ok_or_else(|| invalid("there is no such block"))?;
    let mut subaccount = vec![0; 32];
    let bytes = beneficiary.as_slice();
    subaccount[0] = bytes.len() as u8;
    subaccount[1..=bytes.len()].copy_from_slice(bytes);
    let account = Account {
        owner: canister_id(MINTING),
        subaccount: Some(ByteBuf::from(subaccount)),
    };
    if entry.to != account.identifier() {
        return Err(invalid(
            "the destination account of the transaction is another",
        ));
    }
    if entry.memo != memo {
        return Err(invalid("the memo of the transaction tells another purpose"));
    }
    Ok(entry.amount * u128::from(XDR_PERMYRIAD_PER_ICP))
}

fn spent() -> NotifyError {
    NotifyError::InvalidTransaction("the transaction was used for something else".into())
}

fn notify_mint(
    world: &mut World,
    caller: Principal,
    args: NotifyMint,
) -> Outcome<NewCycles, NotifyError> {
    let cycles = payment(world, args.block_index, caller, MEMO_MINT)?;
    let economy = Arc::make_mut(&mut world.economy);
    let (balance, block, minted) = match economy.honoured.get(&args.block_index) {
        Some(Honoured::Minted {
            balance,
            block,
            minted,
        }) => (*balance, *block, *minted),
        Some(_) => return Err(spent()),
        None => {
            let to = Account {
                owner: caller,
                subaccount: args.to_subaccount,
            }
            .normal()
            .identifier();
            let block = economy
                .cycles
                .mint(to.clone(), cycles.saturating_sub(CYCLES_FEE));
            let balance = economy.cycles.balance(&to);
            economy.honoured.insert(
                args.block_index,
                Honoured::Minted {
                    balance,
                    block,
                    minted: cycles,
                },
            );
            (balance, block, cycles)
        }
    };
    Ok(NewCycles {
        balance: balance.into(),
        block_index: block.into(),
        minted: minted.into(),
    })
}

fn notify_create(
    world: &mut World,
    caller: Principal,
    args: NotifyCreate,
) -> Outcome<Principal, NotifyError> {
    let cycles = payment(world, args.block_index, caller, MEMO_CREATE)?;
    match world.economy.honoured.get(&args.block_index) {
        Some(Honoured::Created(id)) => return Ok(*id),
        Some(_) => return Err(spent()),
        None => {}
    }
    let refused = |reason| NotifyError::Refunded {
        reason,
        block_index: None,
    };
    let id = make(
        world,
        args.controller,
        args.subnet_selection.as_ref(),
        args.settings,
        cycles,
    )
    .map_err(refused)?;
    Arc::make_mut(&mut world.economy)
        .honoured
        .insert(args.block_index, Honoured::Created(id));
    Ok(id)
}

fn notify_top_up(world: &mut World, args: &NotifyTopUp) -> Outcome<Nat, NotifyError> {
    let cycles = payment(world, args.block_index, args.canister_id, MEMO_TOP_UP)?;
    match world.economy.honoured.get(&args.block_index) {
        Some(Honoured::ToppedUp(cycles)) => return Ok((*cycles).into()),
        Some(_) => return Err(spent()),
        None => {}
    }
    let Some(canister) = world.find_mut(args.canister_id) else {
        return Err(NotifyError::Refunded {
            reason: "the canister does not exist".into(),
            block_index: None,
        });
    };
    canister.cycles = canister.cycles.saturating_add(cycles);
    Arc::make_mut(&mut world.economy)
        .honoured
        .insert(args.block_index, Honoured::ToppedUp(cycles));
    Ok(cycles.into())
}
