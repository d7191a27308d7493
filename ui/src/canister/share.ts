/** The board as a table for a spreadsheet, and as a picture for a report. What is on the screen is what is in them. */
import type { Canister, Network } from "../backend/wire";
import { text } from "../text/en";
import { bytes, cycles, exactMoment, runway } from "../text/format";

/** A cell of a table; what a spreadsheet would take for a formula is told to be text. */
function cell(value: string): string {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

interface Line {
  canister: Canister;
  state: string;
  cycles: string;
  lasts: string;
  memory: string;
  module: string;
}

function line(canister: Canister): Line {
  const { reading } = canister;
  const nothing = { canister, cycles: "", lasts: "", memory: "" };
  if (reading.kind === "failed") return { ...nothing, state: text.board.notRead, module: "" };
  if (reading.kind === "public") return { ...nothing, state: text.board.notVisible, module: reading.moduleHash ?? "" };
  const { status } = reading;
  return {
    canister,
    state: text.runStates[status.runState].word,
    cycles: status.cycles,
    lasts: status.runwayDays === null ? text.board.burnsNothing : runway(status.runwayDays),
    memory: String(status.memoryBytes),
    module: status.moduleHash ?? "",
  };
}

export function table(canisters: Canister[]): string {
  const { name, state, cycles, memory, module } = text.board.columns;
  const head = [
    text.share.group,
    name,
    text.share.id,
    state,
    cycles,
    text.share.lasts,
    memory,
    module,
    text.share.read,
  ];
  const rows = canisters
    .map(line)
    .map((row) => [
      row.canister.group,
      row.canister.name,
      row.canister.id,
      row.state,
      row.cycles,
      row.lasts,
      row.memory,
      row.module,
      new Date(row.canister.readAt).toISOString(),
    ]);
  return [head, ...rows].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

const width = 960;
const rowHeight = 32;
const top = 84;

/** Draws the board on a canvas of its own: the same in light and dark, twice as fine as a screen. */
export async function picture(canisters: Canister[], network: Network, networkName: string): Promise<Blob> {
  const height = top + canisters.length * rowHeight + 24;
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = height * 2;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("the window draws no pictures");
  pen.scale(2, 2);
  pen.fillStyle = "#fdfcfa";
  pen.fillRect(0, 0, width, height);
  const write = (words: string, x: number, y: number, font: string, colour: string, most: number) => {
    pen.font = font;
    pen.fillStyle = colour;
    let shown = words;
    while (shown.length > 1 && pen.measureText(shown).width > most) shown = `${shown.slice(0, -2)}…`;
    pen.fillText(shown, x, y);
  };
  const sans = "system-ui, sans-serif";
  write(text.board.title, 24, 36, `600 18px ${sans}`, "#2b2823", 400);
  write(`${networkName} · ${network.address} · ${exactMoment(Date.now())}`, 24, 56, `12px ${sans}`, "#6b665e", 900);
  const columns = [24, 270, 390, 520, 660, 760];
  const { name, state, cycles: held, memory, module } = text.board.columns;
  [name, state, held, text.share.lasts, memory, module].forEach((head, at) =>
    write(head, columns[at] ?? 0, top - 8, `12px ${sans}`, "#6b665e", 130),
  );
  canisters.map(line).forEach((row, at) => {
    const y = top + at * rowHeight;
    pen.fillStyle = "#e4e1db";
    pen.fillRect(24, y, width - 48, 1);
    const cells = [
      row.canister.name,
      row.state,
      row.cycles === "" ? "" : cycles(row.cycles),
      row.lasts,
      row.memory === "" ? "" : bytes(Number(row.memory)),
      row.module === "" ? "" : `${row.module.slice(0, 10)}…`,
    ];
    cells.forEach((words, place) =>
      write(
        words,
        columns[place] ?? 0,
        y + 21,
        `${place === 0 ? 600 : 400} 13px ${sans}`,
        "#2b2823",
        (columns[place + 1] ?? width - 24) - (columns[place] ?? 0) - 12,
      ),
    );
  });
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))), "image/png"),
  );
}

/** Bytes as the backend takes them. */
export function hexadecimal(content: Uint8Array): string {
  return Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
