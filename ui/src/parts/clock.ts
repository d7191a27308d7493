/** One clock for everything that says how long ago: it ticks only while somebody looks. */
import { createSubscriber } from "svelte/reactivity";

/** The finest unit that is shown is a second. */
const tick = 1_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, tick);
  return () => clearInterval(timer);
});

/** The present moment, in milliseconds since 1970; reading it in an effect or in markup keeps it current. */
export function now(): number {
  subscribe();
  return Date.now();
}
