// Writes ../page/lib/vendor.js and the licences of all that is in it. Run by `make page`.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "../page/lib/vendor.js";
const NOTICE = "../page/lib/vendor.LICENSE.txt";
// The package carries no licence file of its own; this one is its repository's.
const APART = { "@skyra/discord-components-core": "LICENSE-discord-components.txt" };

const options = {
  entryPoints: ["vendor.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  alias: { "lit/directives/style-map.js": "./style-map.js" },
  metafile: true,
  outfile: OUT,
};

// The first run only says what is in it.
const { metafile } = await build({ ...options, write: false });
const names = new Set(Object.keys(metafile.inputs).flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
const parts = [...names].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const file = APART[name] ?? `node_modules/${name}/LICENSE`;
  if (!existsSync(file)) throw new Error(`cannot find the licence of ${name}; add it to APART`);
  return { title: `${name} ${version} (${license})`, text: readFileSync(file, "utf8").trim() };
});
const banner = `/*! ${parts.map((one) => one.title).join(", ")}; the licences are in vendor.LICENSE.txt */`;
const { metafile: made } = await build({ ...options, banner: { js: banner } });
writeFileSync(NOTICE, parts.map((one) => `${one.title}\n\n${one.text}\n`).join(`\n${"-".repeat(100)}\n\n`));
console.log(`${OUT}: ${made.outputs[OUT].bytes} bytes; ${banner}`);
