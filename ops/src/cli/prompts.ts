import { defineFailure } from "../core/failure.ts";

const notConfirmed = defineFailure({
  code: "EB_NOT_CONFIRMED",
  status: 428,
  exitStatus: 6,
  detail: "The operation was not confirmed; nothing was changed.",
  remedy: "Run the command again and confirm, or add --yes.",
});

/** Whether there is a person who can answer, and who has not said that nothing is to be asked. */
export const mayAsk = ({ yes, json }: { yes?: boolean; json?: boolean }): boolean =>
  process.stdin.isTTY && process.stderr.isTTY && !yes && !json;

/** @throws Failure EB_NOT_CONFIRMED */
export const demandYes = async (message: string): Promise<void> => {
  const { confirm, isCancel } = await import("@clack/prompts");
  const go = await confirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(go) || !go) throw notConfirmed();
};

/** @throws Failure EB_NOT_CONFIRMED when nothing is answered */
export const answerTo = async (message: string): Promise<string> => {
  const { isCancel, text } = await import("@clack/prompts");
  const given = await text({ message, output: process.stderr });
  if (isCancel(given) || !given) throw notConfirmed();
  return given;
};
