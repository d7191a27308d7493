import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // The jar is drawn once, in icons/, beside this folder.
  server: { fs: { allow: [".."] } },
  build: {
    // The oldest web views that know light-dark(), which the tokens are written in.
    target: ["chrome123", "safari17.5"],
    // Those load modules ahead by themselves.
    modulePreload: { polyfill: false },
  },
  // Without this, tests would load the server half of Svelte.
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test.setup.ts"],
    restoreMocks: true,
  },
}));
