/** Stands between the app and a network: lets a test change what comes back from an address. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What comes back: what the network says, nothing at all, that this computer's clock is off, or another root key than before. */
export type Mood = { kind: "open" } | { kind: "down" } | { kind: "skewed"; minutes: number } | { kind: "posing" };

/** How a root key begins, wherever it stands. */
const beginning = Buffer.from("308182301d060d2b", "hex");

export class Proxy {
  mood: Mood = { kind: "open" };

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async before(target: string): Promise<Proxy> {
    const server = createServer((incoming, answer) => proxy.pass(incoming, answer));
    const proxy = new Proxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(incoming: IncomingMessage, answer: ServerResponse): void {
    if (this.mood.kind === "down") {
      incoming.socket.destroy();
      return;
    }
    if (this.mood.kind === "skewed" && incoming.method === "POST") {
      // As a machine of the network refuses a request that it takes for too old or too young.
      const theirs = BigInt(Date.now() - this.mood.minutes * 60_000) * 1_000_000n;
      incoming.resume();
      answer.writeHead(400, { "content-type": "text/plain" });
      answer.end(
        `Invalid request expiry: Specified ingress_expiry not within expected range: ` +
          `Minimum allowed expiry: ${theirs}, Maximum allowed expiry: ${theirs + 300_000_000_000n}, Provided expiry: 0`,
      );
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? "/", this.address);
    const onward = request(
      new URL(pathname + search, this.target),
      { method: incoming.method ?? "GET", headers: { ...incoming.headers, host: new URL(this.target).host } },
      (back) => {
        answer.writeHead(back.statusCode ?? 502, back.headers);
        if (this.mood.kind !== "posing") {
          back.pipe(answer);
          return;
        }
        const pieces: Buffer[] = [];
        back.on("data", (piece: Buffer) => pieces.push(piece));
        back.on("end", () => answer.end(posing(Buffer.concat(pieces))));
      },
    );
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  }
}

/** The same answer with another root key in it, of the same length. */
function posing(body: Buffer): Buffer {
  const at = body.indexOf(beginning);
  if (at !== -1) body.writeUInt8(body.readUInt8(at + 100) ^ 1, at + 100);
  return body;
}
