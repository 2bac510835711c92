// Writes lib/vendor.js of both pages, and the licences of all that is in it. Run by `make page`.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const PAGES = [
  { entry: "vendor.js", lib: "../page/lib" },
  { entry: "vendor-dashboard.js", lib: "../../dashboard/page/lib" },
];
// The package carries no licence file of its own; this one is its repository's.
const APART = { "@skyra/discord-components-core": "LICENSE-discord-components.txt" };

for (const { entry, lib } of PAGES) await bundle(entry, lib);
copyFileSync("node_modules/uplot/dist/uPlot.min.css", "../../dashboard/page/lib/uplot.css");

async function bundle(entry, lib) {
  const out = `${lib}/vendor.js`;
  const options = {
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    alias: { "lit/directives/style-map.js": "./style-map.js" },
    metafile: true,
    outfile: out,
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
  writeFileSync(`${lib}/vendor.LICENSE.txt`, parts.map((one) => `${one.title}\n\n${one.text}\n`).join(`\n${"-".repeat(100)}\n\n`));
  console.log(`${out}: ${made.outputs[out].bytes} bytes; ${banner}`);
}
