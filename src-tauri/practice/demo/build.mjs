// Builds the Motoko modules of the demo fleet, and records which source each of them comes from:
//   npm ci && npm run build
// `npm run check` builds them as well, but only compares them with those that are there.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync, gzipSync } from "node:zlib";
import motoko from "motoko";

const NAMES = ["shop_backend_1", "shop_backend", "notes", "bookkeeping", "bookkeeping_next"];

const compiler = motoko.default ?? motoko;
compiler.loadPackage(createRequire(import.meta.url)("motoko/packages/latest/core.json"));
compiler.setPublicMetadata(["candid:service"]);

const place = (name) => new URL(name, import.meta.url);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// Without the section that names functions for debuggers: a tenth of the module that nobody reads here.
function withoutNames(module) {
  const number = (at) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return [value, at];
    }
  };
  const kept = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const [length, body] = number(at + 1);
    const [nameLength, name] = number(body);
    const isNames = module[at] === 0 && Buffer.from(module.subarray(name, name + nameLength)).toString() === "name";
    if (!isNames) kept.push(module.subarray(at, body + length));
    at = body + length;
  }
  return Buffer.concat(kept);
}

const record = {};
let different = 0;
for (const name of NAMES) {
  const source = readFileSync(place(`${name}.mo`));
  compiler.write(`${name}.mo`, source.toString());
  compiler.compiler.gcFlags("enhancedOP");
  const module = withoutNames(compiler.wasm(`${name}.mo`, "ic").wasm);
  if (process.argv.includes("--check")) {
    const same = gunzipSync(readFileSync(place(`${name}.wasm.gz`))).equals(module);
    console.log(`${name}: ${same ? "as built" : "NOT what its source gives"}`);
    different += same ? 0 : 1;
    continue;
  }
  const packed = gzipSync(module, { level: 9 });
  writeFileSync(place(`${name}.wasm.gz`), packed);
  record[name] = { source: sha256(source), module: sha256(packed) };
  console.log(`${name}: ${module.length} bytes, ${packed.length} packed`);
}
if (different > 0) process.exitCode = 1;
else if (!process.argv.includes("--check")) writeFileSync(place("built.json"), JSON.stringify(record, null, 2) + "\n");
