/** The door of a browser: the development bridge serves the same requests over HTTP. */
import { type Backend, Failed, type Point, doorFailed, isFailure } from "./backend";
import type { News, Pick, Requests } from "./wire";

export const browser: Backend = {
  async request(name, parameters) {
    let answer: Response;
    let body: unknown;
    try {
      answer = await fetch("/bridge/request", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ request: name, ...parameters }),
      });
      body = await answer.json();
    } catch (thrown) {
      throw doorFailed(name, "noNetwork", String(thrown), { address: location.origin });
    }
    if (answer.status === 422 && isFailure(body)) throw new Failed(body);
    if (!answer.ok) throw doorFailed(name, "bug", `the bridge answered ${answer.status}`);
    return body as Requests[typeof name]["reply"];
  },

  follow(listener) {
    const source = new EventSource("/bridge/news");
    source.onmessage = (message: MessageEvent<string>) => listener(JSON.parse(message.data) as News);
    return () => source.close();
  },

  async pick() {
    // A browser has no native dialog for this: the bridge answers with what a test laid ready for it.
    const answer = await fetch("/bridge/pick", { method: "POST" });
    if (!answer.ok) throw doorFailed("dropPick", "bug", `the bridge answered ${answer.status}`);
    return (await answer.json()) as Pick[];
  },

  dropped(listener) {
    // Dispatched by tests, with what the bridge made of their paths.
    const hear = (event: Event) => listener((event as CustomEvent<Pick[]>).detail);
    addEventListener("bridge:dropped", hear);
    return () => removeEventListener("bridge:dropped", hear);
  },

  dragging(listener) {
    const hear = (event: Event) => listener((event as CustomEvent<Point | null>).detail ?? undefined);
    addEventListener("bridge:dragging", hear);
    return () => removeEventListener("bridge:dragging", hear);
  },

  notify() {
    // A browser shows what its own pages say.
    return Promise.resolve(false);
  },

  async reveal(shown) {
    const answer = await fetch("/bridge/reveal", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(shown),
    });
    const body: unknown = await answer.json();
    if (!answer.ok) throw isFailure(body) ? new Failed(body) : doorFailed("dropPick", "bug", String(answer.status));
  },

  painted() {
    // A browser's window is on screen all the time.
  },
};
