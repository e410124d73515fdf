import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { replaceFile, syncDirectory } from "../../core/atomic-file.ts";
import { requireWeights, staleEpoch } from "./failures.ts";
import { allTo, type Weights } from "./traffic-switch.ts";

export const divisionSchema = z.object({
  weights: z.object({ blue: z.number(), green: z.number() }),
  epoch: z.number().int(),
  release: z.string(),
});

/** How the traffic is divided. */
export interface Division {
  weights: Weights;
  epoch: number;
  /** The release that the weights belong to; the salt of the buckets. */
  release: string;
}

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
    return new DivisionFile(path, division ?? { weights: allTo("blue"), epoch: 0, release: "" });
  }

  get current(): Division {
    return this.division;
  }

  /**
   * Stores a division, then puts it into effect. Repeating the last one does nothing.
   *
   * @throws Failure EB_TRAFFIC_EPOCH, EB_TRAFFIC_WEIGHTS
   */
  async set(next: Division): Promise<void> {
    const stored = this.#turn.then(() => this.#store(next));
    this.#turn = stored.catch(() => undefined);
    await stored;
  }

  async #store(next: Division): Promise<void> {
    requireWeights(next.weights);
    const { epoch, weights } = this.division;
    const isRepeated = next.epoch === epoch && next.weights.green === weights.green;
    if (next.epoch < epoch || (next.epoch === epoch && !isRepeated && epoch > 0)) {
      throw staleEpoch({ given: next.epoch, current: epoch });
    }
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await replaceFile(this.path, `${this.path}.new`, `${JSON.stringify(next)}\n`);
    await syncDirectory(dirname(this.path));
    this.division = next;
  }
}

const ifMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT") throw error;
};
