import { Option } from "commander";
import type { Approval, RollbackManager } from "../rollback/index.ts";
import type { Session } from "./context.ts";
import { bold, print, printJson } from "./output.ts";

/** The options for approval by a second person. */
export interface SecondPersonOptions {
  approval?: string;
  override?: string;
}

export const secondPersonOptions = (): Option[] => [
  new Option("--approval <id>", "execute the request that another person approved"),
  new Option("--override <reason>", "move without the required approval; raises a critical alert").conflicts(
    "approval",
  ),
];

export const secondPersonOf = ({ approval, override }: SecondPersonOptions): SecondPersonOptions => ({
  ...(approval !== undefined && { approval }),
  ...(override !== undefined && { override }),
});

const confirmationNeeded = 6;

/** Prints the commands for the second person, and for the first one after the approval. */
export const printApprovalRequest = (
  approval: Approval,
  again: string,
  { json }: { json?: boolean },
): void => {
  process.exitCode = confirmationNeeded;
  if (json) printJson({ approval });
  else print(approvalRequestText(approval, again));
};

const approvalRequestText = ({ id, action, steps, state, expires_at }: Approval, again: string): string =>
  [
    `Request ${bold(id)} (${action} of ${steps.join(", ")}) is ${state} and expires at ${expires_at}. Nothing was changed.`,
    ...(state === "asked" ? [`Ask another person to run: earlybird approve ${id} --reason "..."`] : []),
    `After the approval, run: earlybird ${again} --approval ${id}`,
  ].join("\n");

/** Does the work; if it overrides an approval, the command sends the alert itself, because no server may be running. */
export const alertOnOverride = async <T>(
  session: Session,
  override: string | undefined,
  work: (manager: RollbackManager) => Promise<T>,
): Promise<T> => {
  const { manager, settings, dataDir, database, log } = session;
  if (override === undefined) return work(manager);
  const { alertsOfCommand } = await import("./operation-alerts.ts");
  const { alerts, close } = await alertsOfCommand({ settings, dataDir, database: database.pool, log });
  manager.alertThrough(alerts);
  try {
    return await work(manager);
  } finally {
    // If no channel accepted the alert, a server sends it.
    if (await close()) await manager.noteAlerted();
  }
};
