/** Writes the CycloneDX SBOM of the platform's runtime packages to the file that is published with it. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runtimePackages } from "./docs/dependencies.ts";

interface Bom {
  components: { "bom-ref": string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const all: Bom = JSON.parse(
  execFileSync("npm", ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1_024 * 1_024,
  }),
);
// "--omit dev" would also omit packages that both the platform and a development tool need.
const kept = runtimePackages(root);
const components = all.components.filter((component) => kept.has(component["bom-ref"]));
const dependencies = all.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
const file = resolve(root, "ops/dist/sbom.cdx.json");
writeFileSync(file, `${JSON.stringify({ ...all, components, dependencies }, null, 2)}\n`);
console.error(`${components.length} packages in ${file}`);
