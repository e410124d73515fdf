import { backupsBench } from "./backups.ts";
import { cliBench } from "./cli.ts";
import { consoleBench } from "./console/index.ts";
import { judgeBench } from "./judge.ts";
import { loginsBench } from "./logins.ts";
import { monitoringBench } from "./monitoring/index.ts";
import { recorderBench } from "./monitoring/recorder.ts";
import { releasesBench } from "./releases.ts";
import { rollbackBench } from "./rollback/index.ts";

const benches: Record<string, () => Promise<void>> = {
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

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(
    `Unknown benchmark "${unknown.join('", "')}". Benchmarks: ${Object.keys(benches).join(", ")}.`,
  );
  process.exitCode = 2;
} else {
  for (const [name, run] of Object.entries(benches)) {
    if (wanted.length === 0 || wanted.includes(name)) await run();
  }
}
