import { backupsBench } from "./backups.ts";
import { cliBench } from "./cli.ts";
import { consoleBench } from "./console/index.ts";
import { judgeBench } from "./judge.ts";
import { loginsBench } from "./logins.ts";
import { monitoringBench } from "./monitoring/index.ts";
import { recorderBench } from "./monitoring/recorder.ts";
import { releaseParts, releasesBench } from "./releases/index.ts";
import { rollbackBench } from "./rollback/index.ts";

const benches: Record<string, (parts: readonly string[]) => Promise<void>> = {
  monitoring: monitoringBench,
  recorder: recorderBench,
  rollback: rollbackBench,
  releases: releasesBench,
  cli: cliBench,
  logins: loginsBench,
  backups: backupsBench,
  console: consoleBench,
  judge: judgeBench,
};

/** Of benchmarks that take long: `npm run bench -- releases front`. */
const partsOf: Record<string, readonly string[]> = { releases: releaseParts };

const wanted: { name: string; parts: string[] }[] = [];
const unknown: string[] = [];
for (const word of process.argv.slice(2)) {
  const last = wanted.at(-1);
  if (last && partsOf[last.name]?.includes(word)) last.parts.push(word);
  else if (word in benches) wanted.push({ name: word, parts: [] });
  else unknown.push(word);
}
if (unknown.length > 0) {
  const names = Object.keys(benches).map((name) => [name, ...(partsOf[name] ?? [])].join(" "));
  console.error(`Unknown benchmark "${unknown.join('", "')}". Benchmarks: ${names.join(", ")}.`);
  process.exitCode = 2;
} else {
  const all = Object.keys(benches).map((name) => ({ name, parts: [] }));
  for (const { name, parts } of wanted.length > 0 ? wanted : all) await benches[name]?.(parts);
}
