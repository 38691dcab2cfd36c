// Repairs a file with the npm package jsonrepair, to standard output: `repair.mjs lines|stream FILE`.
import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";

// The packages lie in the caller's folder, not beside this file.
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const [serving, path] = process.argv.slice(2);

if (serving === "lines") {
  const { jsonrepair } = require("jsonrepair");
  let refused = 0;
  const output = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      output.push(jsonrepair(line), "\n");
    } catch {
      refused += 1;
    }
  }
  process.stdout.write(output.join(""));
  console.error(`${refused} refused`);
} else {
  const { jsonrepairTransform } = require("jsonrepair/stream");
  try {
    await pipeline(createReadStream(path), jsonrepairTransform(), process.stdout);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
