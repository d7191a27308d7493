/**
 * Finding things by what somebody remembers of their names.
 *
 * Every word has to occur. What begins with what was typed comes first, then what has a word that begins with it, then the
 * rest; among equals the given order stays.
 */
export function matches<Thing>(all: Thing[], typed: string, nameOf: (thing: Thing) => string): Thing[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  const first = words[0] ?? "";
  const rank = (name: string) => {
    if (name.startsWith(first)) return 0;
    return name.split(/[\s_\-./]+/).some((part) => part.startsWith(first)) ? 1 : 2;
  };
  return all
    .map((thing) => ({ thing, name: nameOf(thing).toLowerCase() }))
    .filter(({ name }) => words.every((word) => name.includes(word)))
    .map((found) => ({ ...found, rank: rank(found.name) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ thing }) => thing);
}
