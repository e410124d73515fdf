import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";

/** What BACKUP_COMMAND and RESTORE_COMMAND read as JSON on standard input, and find as BACKUP_ID and so on. */
export interface CommandRequest {
  readonly action: "backup" | "restore";
  readonly id: string;
  /** For files that the command wants to keep with the backup. */
  readonly directory: string;
  readonly database_url: string;
  /** An empty directory, for `restore`: to be filled with a data directory. */
  readonly to_directory?: string;
}

const longestReasonBytes = 4_096;

/**
 * Runs a command of the operator in a shell. Its last line of output may be a JSON object.
 *
 * @throws Error with the end of its standard error, unless it exits with 0
 */
export const runCommand = async (
  command: string,
  request: CommandRequest,
): Promise<{ url?: string | undefined }> => {
  const { action, id, directory, database_url, to_directory } = request;
  const child = spawn(command, {
    shell: true,
    stdio: "pipe",
    env: {
      ...process.env,
      BACKUP_ACTION: action,
      BACKUP_ID: id,
      BACKUP_DIRECTORY: directory,
      DATABASE_URL: database_url,
      ...(to_directory === undefined ? {} : { RESTORE_DIRECTORY: to_directory }),
    },
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out = `${said.out}${text}`.slice(-longestReasonBytes);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err = `${said.err}${text}`.slice(-longestReasonBytes);
  });
  // A command need not read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(request));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(said.err.trim() || `the command ended with ${status}`);
  return lastLine(said.out);
};

const answerSchema = z.object({
  url: z
    .string()
    .regex(/^postgres(ql)?:/)
    .optional(),
});

const lastLine = (output: string): z.infer<typeof answerSchema> => {
  try {
    return answerSchema.parse(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
  } catch {
    return {};
  }
};
