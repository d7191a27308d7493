// The shop's backend: what is on the shelf, and who ordered what. Upgrades keep the state of shop_backend_1.mo.
import Array "mo:core/Array";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Text "mo:core/Text";
import Time "mo:core/Time";

persistent actor Shop {
  type Article = { title : Text; price : Nat; var stock : Nat };
  type Order = { number : Nat; customer : Text; code : Text; pieces : Nat; placed : Int };

  let articles = Map.empty<Text, Article>();
  let placed = List.empty<Order>();
  var takings : Nat = 0;

  public func restock(code : Text, title : Text, price : Nat, pieces : Nat) : async Nat {
    switch (Map.get(articles, Text.compare, code)) {
      case (?article) { article.stock += pieces; article.stock };
      case null {
        Map.add(articles, Text.compare, code, { title; price; var stock = pieces });
        pieces
      };
    }
  };

  public func order(customer : Text, code : Text, pieces : Nat) : async { #ok : Order; #err : Text } {
    let ?article = Map.get(articles, Text.compare, code) else return #err("no article " # code);
    if (article.stock < pieces) return #err("only " # debug_show (article.stock) # " left");
    article.stock -= pieces;
    takings += article.price * pieces;
    let order = { number = List.size(placed) + 1; customer; code; pieces; placed = Time.now() };
    List.add(placed, order);
    #ok order
  };

  public query func shelf() : async [{ code : Text; title : Text; price : Nat; stock : Nat }] {
    Array.fromIter(
      Iter.map<(Text, Article), { code : Text; title : Text; price : Nat; stock : Nat }>(
        Map.entries(articles),
        func((code, article)) = { code; title = article.title; price = article.price; stock = article.stock },
      )
    )
  };

  public query func orders() : async [Order] { List.toArray(placed) };

  public query func summary() : async { orders : Nat; takings : Nat } {
    { orders = List.size(placed); takings }
  };
};
