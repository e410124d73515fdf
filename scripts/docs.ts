/** Writes the generated parts of the documentation; a test fails while they are stale. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { documents } from "./docs/documents.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

for (const { file, current, generated } of await documents(root)) {
  writeFileSync(resolve(root, file), generated);
  console.log(`${current === generated ? "unchanged" : "written"}  ${file}`);
}
