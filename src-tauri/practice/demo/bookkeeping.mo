// The shop's books: what came in and what went out.
import List "mo:core/List";

persistent actor Books {
  type Entry = { purpose : Text; amount : Int };

  let entries = List.empty<Entry>();

  public func enter(purpose : Text, amount : Int) : async Int {
    List.add(entries, { purpose; amount });
    sum()
  };

  func sum() : Int = List.foldLeft<Int, Entry>(entries, 0, func(total, entry) = total + entry.amount);

  public query func balance() : async Int { sum() };

  public query func all() : async [Entry] { List.toArray(entries) };
};
