import { Command } from "commander";
import type { Certificate, RollbackManager, StepSelection } from "../../rollback/index.ts";
import { postgresAddress } from "../arguments.ts";
import { operator, type Session, withManagerOn, withSession } from "../context.ts";
import { dim, duration, green, number, print, printJson, red } from "../output.ts";
import { readSteps } from "../read-steps.ts";

const help = `
The steps are rolled back and re-applied in one transaction, which is aborted: nothing changes, but the
tables concerned are locked until it ends. On many rows, make a copy (create database ... template ..., or a
restored backup) and prove it there with --on; the ledger of this database records the certificate, too.`;

export const proveCommand = () =>
  new Command("prove")
    .description(
      "roll back and re-apply in an aborted transaction and compare fingerprints; exit 1 if they differ",
    )
    .argument("<steps>", "one step, a range, or all")
    .option("--on <url>", "a copy of the database, locked during the proof", postgresAddress)
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((steps: string, { on, json }: { on?: URL; json?: boolean }) =>
      withSession(async (session) => {
        const { manager } = session;
        const selection =
          steps === "all" ? { steps: manager.steps, range: true } : await readSteps(manager, "prove", steps);
        const certificate = on
          ? await proveOn(on, session, selection)
          : await manager.prove(selection, operator());
        if (!certificate.proven) process.exitCode = 1;
        if (json) printJson(certificate);
        else print(certificateText(certificate));
      }),
    );

const proveOn = async (copy: URL, session: Session, selection: StepSelection): Promise<Certificate> => {
  const prove = (manager: RollbackManager) => manager.prove(selection, operator(), { unlimited: true });
  const certificate = await withManagerOn(copy, session, prove);
  // Where it is, and nothing of how to get in.
  await session.manager.recordProof({ ...certificate, on: `${copy.host}${copy.pathname}` }, operator());
  return certificate;
};

const certificateText = ({ steps, proven, before, after, differences, rows, total_ms }: Certificate) => {
  if (steps.length === 0) return "Nothing to prove: no step is applied.";
  const what = `${steps.join(", ")} and back, about ${number(rows)} rows, ${duration(total_ms)}`;
  if (proven) return `${green("Proven")}: ${what}\n${dim(`fingerprint ${before}`)}`;
  return `${red("Not proven")}: ${what}\ndifferent afterwards: ${differences.join(", ")}\n${dim(`fingerprint ${before}, then ${after}`)}`;
};
