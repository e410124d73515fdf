import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { replaceFile, syncDirectory } from "../../core/atomic-file.ts";
import { type Baseline, baselineSchema } from "./baseline.ts";
import { requireWeights, staleEpoch } from "./failures.ts";
import { allTo, productionSlot, type Slot } from "./traffic-switch.ts";

export const divisionRequestSchema = z.object({
  weights: z.object({ blue: z.number(), green: z.number() }),
  epoch: z.number().int(),
  /** The release that the weights belong to; the salt of the buckets. */
  release: z.string(),
});
/** How the traffic is to be divided. */
export type DivisionRequest = z.infer<typeof divisionRequestSchema>;

export const divisionSchema = divisionRequestSchema.extend({
  /** The hour before the release; null if it had too few requests or was not measured. */
  baseline: baselineSchema.nullable().default(null),
});
/** How the traffic is divided. */
export type Division = z.infer<typeof divisionSchema>;

/** What a switch does at a change of the division. */
export interface DivisionHooks {
  /** Measures the hour before a release, at its first division. */
  measure: (slotInProduction: Slot) => Baseline | null;
  /** The new division is in effect. */
  onChange: (previous: Division) => void;
}

const startDivision: Division = { weights: allTo("blue"), epoch: 0, release: "", baseline: null };

/** The division of the traffic, kept on disk: it survives the front. */
export class DivisionFile {
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private division: Division,
  ) {}

  /** Reads `traffic.json` of the data directory. Without it, blue serves all clients. */
  static async open(dataDir: string): Promise<DivisionFile> {
    const path = join(dataDir, "slots", "traffic.json");
    const text = await readFile(path, "utf8").catch(ifMissing);
    const division = text === undefined ? undefined : divisionSchema.parse(JSON.parse(text));
    return new DivisionFile(path, division ?? startDivision);
  }

  get current(): Division {
    return this.division;
  }

  /**
   * Stores a division, then puts it into effect. Repeating the last one does nothing.
   *
   * @throws Failure EB_TRAFFIC_EPOCH, EB_TRAFFIC_WEIGHTS
   */
  async set(next: DivisionRequest, hooks: Partial<DivisionHooks> = {}): Promise<void> {
    const stored = this.#turn.then(() => this.#store(next, hooks));
    this.#turn = stored.catch(() => undefined);
    await stored;
  }

  async #store(
    next: DivisionRequest,
    { measure = () => null, onChange }: Partial<DivisionHooks>,
  ): Promise<void> {
    requireWeights(next.weights);
    const previous = this.division;
    const { epoch, weights } = previous;
    const isRepeated = next.epoch === epoch && next.weights.green === weights.green;
    if (next.epoch < epoch || (next.epoch === epoch && !isRepeated && epoch > 0)) {
      throw staleEpoch({ given: next.epoch, current: epoch });
    }
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const isFirst = next.release !== "" && next.release !== previous.release;
    const baseline = isFirst ? measure(productionSlot(weights)) : previous.baseline;
    const division = { ...next, baseline };
    await replaceFile(this.path, `${this.path}.new`, `${JSON.stringify(division)}\n`);
    await syncDirectory(dirname(this.path));
    this.division = division;
    onChange?.(previous);
  }
}

const ifMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT") throw error;
};
