/**
 * Numbers as people read them. Short here, exact on hover: each short form has an exact one beside it.
 *
 * Amounts are cut, never rounded up: nobody is shown a cycle that is not there. `now` is passed in.
 */

const exactNumber = new Intl.NumberFormat("en");

/** A number of at most three digits: 3.2, 41, 412. */
function threeDigits(value: number): string {
  const cut = value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value);
  return exactNumber.format(cut);
}

const cycleUnits = [
  [10n ** 12n, "T"],
  [10n ** 9n, "B"],
  [10n ** 6n, "M"],
] as const;

/** "3.2 T cycles", from a decimal string of any length. */
export function cycles(decimal: string): string {
  const amount = BigInt(decimal);
  for (const [unit, letter] of cycleUnits) {
    // Tenths of the unit as whole numbers first: a double could not hold the amount itself.
    if (amount >= unit) return `${threeDigits(Number((amount * 10n) / unit) / 10)} ${letter} cycles`;
  }
  return exactCycles(decimal);
}

/** "3,204,118,000,000 cycles". */
export function exactCycles(decimal: string): string {
  return `${exactNumber.format(BigInt(decimal))} ${decimal === "1" ? "cycle" : "cycles"}`;
}

const byteUnits = ["KiB", "MiB", "GiB", "TiB"] as const;

/** "412 MiB". */
export function bytes(amount: number): string {
  if (amount < 1024) return exactBytes(amount);
  let value = amount;
  let unit: string = byteUnits[0];
  for (const next of byteUnits) {
    value /= 1024;
    unit = next;
    if (value < 1024) break;
  }
  return `${threeDigits(value)} ${unit}`;
}

/** "431,995,904 bytes". */
export function exactBytes(amount: number): string {
  return `${exactNumber.format(amount)} ${amount === 1 ? "byte" : "bytes"}`;
}

/** How long cycles last: "about 94 days". */
export function runway(days: number): string {
  if (days <= 0) return "none left";
  if (days < 1 / 24) return "less than an hour";
  if (days < 2) return `about ${count(Math.floor(days * 24), "hour")}`;
  // Up to two years in days, because that is what people plan top-ups in.
  if (days < 730) return `about ${count(Math.floor(days), "day")}`;
  if (days < 36_500) return `about ${count(Math.floor(days / 365), "year")}`;
  return "over 100 years";
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "12 s ago", "3 days ago"; further back than a month, the date. */
export function ago(then: number, now: number): string {
  const passed = now - then;
  // Also for a moment slightly ahead: two clocks never agree to the second.
  if (passed < 5 * second) return "just now";
  if (passed < minute) return `${Math.floor(passed / second)} s ago`;
  if (passed < hour) return `${Math.floor(passed / minute)} min ago`;
  if (passed < day) return `${Math.floor(passed / hour)} h ago`;
  if (passed < 31 * day) return `${count(Math.floor(passed / day), "day")} ago`;
  return date(then);
}

/** How long something took or is set to: "0.8 s", "3 min 12 s", "30 days". */
export function duration(milliseconds: number): string {
  if (milliseconds < 100) return "under 0.1 s";
  if (milliseconds < 10 * second) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`;
  if (milliseconds < minute) return `${Math.floor(milliseconds / second)} s`;
  const pair = (whole: number, part: number, one: string, other: string) =>
    part === 0 ? `${whole} ${one}` : `${whole} ${one} ${part} ${other}`;
  if (milliseconds < hour) {
    return pair(Math.floor(milliseconds / minute), Math.floor((milliseconds % minute) / second), "min", "s");
  }
  if (milliseconds < 2 * day) {
    return pair(Math.floor(milliseconds / hour), Math.floor((milliseconds % hour) / minute), "h", "min");
  }
  return pair(Math.floor(milliseconds / day), Math.floor((milliseconds % day) / hour), "days", "h");
}

/** What is left of something under way, as nobody can know it exactly: "about 20 s left". */
export function timeLeft(milliseconds: number): string {
  if (milliseconds < 5 * second) return "a few seconds left";
  if (milliseconds <= 55 * second) return `about ${Math.ceil(milliseconds / (5 * second)) * 5} s left`;
  if (milliseconds < hour) return `about ${Math.ceil(milliseconds / minute)} min left`;
  if (milliseconds < 2 * day) return `about ${Math.ceil(milliseconds / hour)} h left`;
  return `about ${Math.ceil(milliseconds / day)} days left`;
}

const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const momentFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** "21 Nov 2025". */
export function date(moment: number): string {
  return dateFormat.format(moment);
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** "14:05". */
export function clockTime(moment: number): string {
  return clockFormat.format(moment);
}

/** The day as people say it: "today", "yesterday", "18 Nov", "18 Nov 2024". */
export function dayInWords(moment: number, now: number): string {
  const midnight = (of: number) => new Date(of).setHours(0, 0, 0, 0);
  // By the calendar and not by hours: a day with a clock change is not 24 hours long.
  const dayBefore = (of: number) => new Date(midnight(of)).setDate(new Date(of).getDate() - 1);
  if (midnight(moment) === midnight(now)) return "today";
  if (midnight(moment) === midnight(dayBefore(now))) return "yesterday";
  return new Date(moment).getFullYear() === new Date(now).getFullYear() ? dayFormat.format(moment) : date(moment);
}

/** A moment inside a sentence: "14:05 today", "18:02 on 18 Nov". */
export function momentInWords(moment: number, now: number): string {
  const day = dayInWords(moment, now);
  const isNear = day === "today" || day === "yesterday";
  return `${clockTime(moment)} ${isNear ? day : `on ${day}`}`;
}

/** A moment to the second, with its time zone. */
export function exactMoment(moment: number): string {
  return momentFormat.format(moment);
}

/** An id or principal cut in the middle between its groups: "rrkah-fqaaa…cai". What is short anyway stays whole. */
export function shortId(id: string): string {
  const groups = id.split("-");
  const [first, next] = groups;
  if (groups.length < 4 || first === undefined || next === undefined) return id;
  return `${first}-${next}…${groups.at(-1) ?? ""}`;
}

/** A hash or key cut in the middle: "a3f01c…9e07". */
export function shortHash(hexadecimal: string): string {
  return hexadecimal.length <= 12 ? hexadecimal : `${hexadecimal.slice(0, 6)}…${hexadecimal.slice(-4)}`;
}

/** "a", "a and b", "a, b and 3 more": as many as fit into a line. */
export function listed(names: string[], most = 3): string {
  const shown = names.slice(0, names.length > most ? most - 1 : most);
  const rest = names.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  const last = all.at(-1) ?? "";
  return all.length < 2 ? last : `${all.slice(0, -1).join(", ")} and ${last}`;
}

/** "1 day", "2 days". */
export function count(amount: number, one: string): string {
  return `${exactNumber.format(amount)} ${one}${amount === 1 ? "" : "s"}`;
}

const secondsOfDay = new Intl.DateTimeFormat("en-GB", {
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** "21 Nov, 14:05:09": a line of a log, where seconds tell lines apart. */
export function secondOf(moment: number): string {
  return secondsOfDay.format(moment);
}
