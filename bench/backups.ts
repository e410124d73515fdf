import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ms, printTable } from "./figures.ts";
import { program, root, startService } from "./running-service.ts";

const limitMs = 15_000;

/** Makes and verifies backups of the demo database while its service runs. */
export const backupsBench = async (): Promise<void> => {
  const demo = await startService(root, "EarlyBird listens on");
  const rows: string[][] = [];
  for (const [what, key] of [
    ["plain", ""],
    ["encrypted", "0123456789abcdef0123456789abcdef"],
  ] as const) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, "backup", "create", "--verify", "--json"],
      { cwd: demo.folder, env: { ...demo.env, BACKUP_KEY: key }, maxBuffer: 16_000_000 },
    );
    const { backup } = JSON.parse(stdout);
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    const { verification } = backup;
    const isGood =
      verification.verdict === "ok" && backup.duration_ms < limitMs && verification.duration_ms < limitMs;
    rows.push([
      what,
      megabytes(backup.raw_bytes),
      megabytes(backup.bytes),
      ms(backup.duration_ms),
      ms(verification.duration_ms),
      verification.verdict,
      isGood ? "yes" : "no",
    ]);
  }
  await demo.stop();
  console.log("\n## Backups of the demo database\n");
  console.log(`Goal: create and verify in less than ${limitMs / 1_000} s each.\n`);
  printTable(["backup", "files", "stored", "create", "verify", "verdict", "goal met"], rows);
};
