import { readFileSync, writeFileSync } from "node:fs";
import { InvalidCatalogue } from "./catalogue.ts";
import { readCatalogues, TYPES, typesFile } from "./files.ts";

/** Checks the catalogues and the types of their texts; with `--write`, writes the types. */
function main(): number {
  const types = typesFile(readCatalogues());
  if (process.argv.includes("--write")) {
    writeFileSync(TYPES, types);
  } else if (readFileSync(TYPES, "utf8") !== types) {
    console.error("src/text/types.ts is older than messages/en.json: run `npm run texts`.");
    return 1;
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof InvalidCatalogue)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
