/** The door of the app's own window. */
import { Channel, invoke } from "@tauri-apps/api/core";
import { type Backend, Failed, doorFailed, isFailure } from "./backend";
import type { News, Requests } from "./wire";

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

  painted(milestone) {
    void invoke("painted", { milestone });
  },
};
