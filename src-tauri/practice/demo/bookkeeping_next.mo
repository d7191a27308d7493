// The next version of the books, with a mistake: it takes for granted that every entry is income. An upgrade traps as soon as
// it meets an expense, and the canister stays as it was.
import Int "mo:core/Int";
import List "mo:core/List";

persistent actor Books {
  type Entry = { purpose : Text; amount : Int };

  let entries = List.empty<Entry>();

  // Runs with every upgrade.
  transient var income : Nat = 0;
  for (entry in List.values(entries)) { income += Int.toNat(entry.amount) };

  public func enter(purpose : Text, amount : Int) : async Nat {
    List.add(entries, { purpose; amount });
    income += Int.toNat(amount);
    income
  };

  public query func balance() : async Nat { income };

  public query func all() : async [Entry] { List.toArray(entries) };
};
