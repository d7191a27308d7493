// The shop's first backend: a shelf and nothing else. Snapshots of the fleet still hold it.
import Map "mo:core/Map";
import Text "mo:core/Text";

persistent actor Shop {
  type Article = { title : Text; price : Nat; var stock : Nat };

  let articles = Map.empty<Text, Article>();

  public func restock(code : Text, title : Text, price : Nat, pieces : Nat) : async Nat {
    switch (Map.get(articles, Text.compare, code)) {
      case (?article) { article.stock += pieces; article.stock };
      case null {
        Map.add(articles, Text.compare, code, { title; price; var stock = pieces });
        pieces
      };
    }
  };

  public query func stock(code : Text) : async ?Nat {
    switch (Map.get(articles, Text.compare, code)) {
      case (?article) ?article.stock;
      case null null;
    }
  };
};
