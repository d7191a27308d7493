// Short notes in the order in which they were written: reviews, reminders, letters.
import List "mo:core/List";
import Time "mo:core/Time";

persistent actor Notes {
  type Note = { author : Text; text : Text; written : Int };

  let notes = List.empty<Note>();

  public func write(author : Text, text : Text) : async Nat {
    List.add(notes, { author; text; written = Time.now() });
    List.size(notes)
  };

  public func wipe() : async () { List.clear(notes) };

  public query func all() : async [Note] { List.toArray(notes) };

  public query func count() : async Nat { List.size(notes) };
};
