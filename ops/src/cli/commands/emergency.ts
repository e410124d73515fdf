import { Command, Option } from "commander";
import type { EmergencyReport } from "../../deployment/index.ts";
import { envFileOf, operator, readEnvironment } from "../context.ts";
import { bold, green, print, printJson, printStatus, red } from "../output.ts";
import { findRoot } from "../service-file.ts";

const help = `
It moves all clients to the old version first, starts that one if it is gone, marks a restore point, takes back the steps
of the release with their values parked, runs the smoke suite, and tells people. It needs neither a running server nor the
database: what needs the database goes on in the background, and reaches the ledger once the database is back.

Exit status 1: it goes on in the background, or the smoke suite fails.`;

export const emergencyCommand = () =>
  new Command("emergency")
    .description("take the newest release back at once: traffic, steps, verification")
    .requiredOption("--reason <text>", "why")
    .addOption(new Option("--by <name>").default(operator().requestedBy).hideHelp())
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(async ({ reason, by, json }: { reason: string; by: string; json?: boolean }) => {
      const { settings, dataDir } = await readEnvironment();
      const { emergency } = await import("./release/emergency.ts");
      const report = await emergency(
        { settings, dataDir, envFile: envFileOf(findRoot(process.cwd())) },
        { by, reason, ...(!json && { onPart: printPart }) },
      );
      if (report.outcome !== "verified") process.exitCode = 1;
      if (json) printJson(report);
      else print(outcomeText(report));
    });

const printPart = ({ ms, what, ok, evidence }: EmergencyReport["timeline"][number]): void =>
  printStatus(
    `${String(ms).padStart(7)} ms  ${(ok ? green : red)((ok ? "ok" : "failed").padEnd(6))}  ${what}: ${evidence}`,
  );

const outcomeText = ({ release, outcome }: EmergencyReport): string => {
  if (outcome === "verified")
    return green(`Release ${release} is taken back, and the old version is verified.`);
  return outcome === "unverified"
    ? red(`Release ${release} is taken back, but the smoke suite of the old version fails.`)
    : bold(`Release ${release} goes on in the background: earlybird release watch ${release}`);
};
