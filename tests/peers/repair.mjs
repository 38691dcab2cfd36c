// Repairs standard input with the npm package jsonrepair. Exit code 3: it refuses.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages lie beside the caller's folder, not beside this file.
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const { jsonrepair } = require("jsonrepair");

try {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(0));
  process.stdout.write(jsonrepair(text));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 3;
}
