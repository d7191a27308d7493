/** The door of the app's own window. */
import { Channel, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { type Backend, Failed, type Point, doorFailed, isFailure } from "./backend";
import type { News, Pick, Requests } from "./wire";

export const tauri: Backend = {
  async request(name, parameters) {
    try {
      return await invoke<Requests[typeof name]["reply"]>("request", { request: { request: name, ...parameters } });
    } catch (thrown) {
      throw isFailure(thrown) ? new Failed(thrown) : doorFailed(name, "bug", String(thrown));
    }
  },

  follow(listener) {
    const channel = new Channel<News>();
    let isWanted = true;
    channel.onmessage = (news) => {
      if (isWanted) listener(news);
    };
    void invoke("follow", { channel });
    return () => {
      isWanted = false;
    };
  },

  async pick(kind, title, suggestion) {
    try {
      return await invoke<Pick[]>("pick", { kind, title, suggestion: suggestion ?? null });
    } catch (thrown) {
      throw isFailure(thrown) ? new Failed(thrown) : doorFailed("dropPick", "bug", String(thrown));
    }
  },

  dropped(listener) {
    let isWanted = true;
    const listening = listen<Pick[]>("dropped", ({ payload }) => {
      if (isWanted) listener(payload);
    });
    return () => {
      isWanted = false;
      void listening.then((stop) => stop());
    };
  },

  dragging(listener) {
    let isWanted = true;
    // Told in the pixels of the screen.
    const over = ({ payload: { position } }: { payload: { position: Point } }) => {
      if (isWanted) listener({ x: position.x / devicePixelRatio, y: position.y / devicePixelRatio });
    };
    const listening = [
      listen("tauri://drag-enter", over),
      listen("tauri://drag-over", over),
      listen("tauri://drag-leave", () => isWanted && listener(undefined)),
    ];
    return () => {
      isWanted = false;
      for (const one of listening) void one.then((stop) => stop());
    };
  },

  async notify(notice, title, body) {
    try {
      return await invoke<boolean>("notify", { notice, title, body });
    } catch {
      // Nobody can be told that nobody can be told.
      return false;
    }
  },

  async reveal(shown) {
    try {
      await invoke("reveal", { shown });
    } catch (thrown) {
      throw isFailure(thrown) ? new Failed(thrown) : doorFailed("dropPick", "bug", String(thrown));
    }
  },

  painted(milestone) {
    void invoke("painted", { milestone });
  },
};
