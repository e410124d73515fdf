import { Option } from "commander";
import type { Approval, RollbackManager } from "../rollback/index.ts";
import type { Session } from "./context.ts";
import { answer, answerJson, bold } from "./output.ts";

/** What a command that moves something says about a second person. */
export interface SecondPersonOptions {
  approval?: string;
  override?: string;
}

export const secondPersonOptions = (): Option[] => [
  new Option("--approval <id>", "execute the request that another person approved"),
  new Option(
    "--override <reason>",
    "move without the approval that is needed; raises a critical alert",
  ).conflicts("approval"),
];

export const secondPersonOf = ({ approval, override }: SecondPersonOptions): SecondPersonOptions => ({
  ...(approval !== undefined && { approval }),
  ...(override !== undefined && { override }),
});

const confirmationNeeded = 6;

/** Says what the second person runs, and what to run then. */
export const answerAsked = (approval: Approval, again: string, { json }: { json?: boolean }): void => {
  process.exitCode = confirmationNeeded;
  if (json) answerJson({ approval });
  else answer(askedText(approval, again));
};

const askedText = ({ id, action, steps, state, expires_at }: Approval, again: string): string =>
  [
    `Request ${bold(id)} (${action} of ${steps.join(", ")}) is ${state} and lapses at ${expires_at}. Nothing was changed.`,
    ...(state === "asked" ? [`Another person runs: earlybird approve ${id} --reason "..."`] : []),
    `Once it is approved, run: earlybird ${again} --approval ${id}`,
  ].join("\n");

/** Does the work; where it overrides an approval, people are told from here, whether a server runs or not. */
export const tellingOverride = async <T>(
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
    // Without a channel, or with one that accepts nothing, a server is to tell people.
    if (await close()) await manager.noteAlerted();
  }
};
