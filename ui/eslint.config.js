// Besides the usual: the layers. Views stand on domain folders, these on parts; state stands on the backend; and only the
// backend knows Tauri, so that everything else also runs in a browser.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import typescript from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const tauri = { group: ["@tauri-apps/*"], message: "Only src/backend may know Tauri." };
const backend = {
  group: ["**/backend/tauri", "**/backend/browser"],
  message: "Talk to the interface in backend/backend.ts.",
};
const above = (...folders) => ({
  group: folders.map((folder) => `**/${folder}/**`),
  message: `This layer stands below ${folders.join(", ")}.`,
});
const domains = [
  "activity",
  "canister",
  "copy",
  "drop",
  "identity",
  "job",
  "network",
  "practice",
  "project",
  "snapshot",
  "welcome",
];

/** The rule for the files of a layer. */
const layer = (folders, ...patterns) => ({
  files: folders.map((folder) => `src/${folder}/**`),
  rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default typescript.config(
  { ignores: ["dist", "src/backend/wire.ts"] },
  js.configs.recommended,
  ...typescript.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js"] },
        extraFileExtensions: [".svelte"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: typescript.parser, svelteConfig } },
  },
  {
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // A type of that name says more than `object` where a request takes nothing.
      "@typescript-eslint/no-empty-object-type": "off",
      eqeqeq: "error",
      "no-restricted-imports": ["error", { patterns: [tauri, backend] }],
    },
  },
  layer(["views"], tauri, backend),
  layer(domains, tauri, backend, above("views")),
  layer(["parts"], tauri, backend, above("views", "state", ...domains)),
  layer(["state"], tauri, backend, above("views", "parts", ...domains)),
  layer(["text"], tauri, backend, above("views", "parts", "state", ...domains)),
  { files: ["src/backend/**", "src/main.ts"], rules: { "no-restricted-imports": "off" } },
  {
    files: ["*.js"],
    ...typescript.configs.disableTypeChecked,
    rules: {
      ...typescript.configs.disableTypeChecked.rules,
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "off",
    },
  },
);
