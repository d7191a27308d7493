/** The door of a browser: the development bridge serves the same requests over HTTP. */
import { type Backend, Failed, doorFailed, isFailure } from "./backend";
import type { News, Requests } from "./wire";

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

  painted() {
    // A browser's window is on screen all the time.
  },
};
