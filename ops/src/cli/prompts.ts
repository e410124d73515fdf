import { defineFailure } from "../core/failure.ts";

const notConfirmed = defineFailure({
  code: "EB_NOT_CONFIRMED",
  status: 428,
  exitStatus: 6,
  detail: "The operation was not confirmed; nothing was changed.",
  remedy: "Run the command again and confirm, or add --yes.",
});

/** Whether the command can prompt the user. */
export const canPrompt = ({ yes, json }: { yes?: boolean; json?: boolean }): boolean =>
  process.stdin.isTTY && process.stderr.isTTY && !yes && !json;

/** @throws Failure EB_NOT_CONFIRMED */
export const requireConfirmation = async (message: string): Promise<void> => {
  const { confirm, isCancel } = await import("@clack/prompts");
  const go = await confirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(go) || !go) throw notConfirmed();
};

/** @throws Failure EB_NOT_CONFIRMED when nothing is answered */
export const promptText = async (message: string): Promise<string> => {
  const { isCancel, text } = await import("@clack/prompts");
  const given = await text({ message, output: process.stderr });
  if (isCancel(given) || !given) throw notConfirmed();
  return given;
};
