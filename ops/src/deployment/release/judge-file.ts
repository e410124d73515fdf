import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../core/atomic-file.ts";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { judgeStateSchema } from "../judge/index.ts";
import { slots } from "../traffic/index.ts";
import { type Phase, phaseWeights } from "./state.ts";

const writeEveryMs = 1_000;
const phases = Object.keys(phaseWeights) as [Phase, ...Phase[]];
const slotSchema = z.enum(slots);

export const phaseNameSchema = z.enum(phases);

const judgedSchema = z.object({
  /** The phase that was judged last; null if it was judged for harm only. */
  phase: phaseNameSchema.nullable(),
  /** The slots of the version in production and of the new one. */
  slots: z.object({ blue: slotSchema, green: slotSchema }),
  state: judgeStateSchema,
});
/** What the judge of a release knows. */
export type Judged = z.infer<typeof judgedSchema>;

const pathOf = (directory: string): string => join(directory, "judge.json");

/**
 * What the judge of a release knew last; null before it began.
 *
 * @param directory of the release
 * @param onInvalid called if the file is not what this version writes; the result is null then
 */
export const readJudged = async (
  directory: string,
  onInvalid: (error: unknown) => void,
): Promise<Judged | null> => {
  try {
    return judgedSchema.parse(JSON.parse(await readFile(pathOf(directory), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") onInvalid(error);
    return null;
  }
};

/** Writes `judge.json`, at most once a second. */
export class JudgeFile {
  #latest: Judged | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly log: Pick<Logger, "warn">,
  ) {}

  save(judged: Judged): void {
    this.#latest = judged;
    const waitMs = Math.max(this.#writtenMs + writeEveryMs - this.clock.monotonicMs(), 0);
    this.#timer ??= setTimeout(() => this.#write(), waitMs);
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    if (this.#timer) this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writtenMs = this.clock.monotonicMs();
    const path = pathOf(this.directory);
    const text = JSON.stringify(this.#latest);
    this.#writing = this.#writing
      .then(() => replaceFile(path, `${path}.new`, text))
      .catch((err: unknown) => this.log.warn({ err }, "the state of the judge cannot be written"));
  }
}
