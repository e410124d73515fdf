import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "../lib/log.ts";
import type { AlertRecord, Incident } from "./incident.ts";
import type { Mute } from "./mute.ts";
import type { MuteEntry } from "./mute-book.ts";
import type { Standing } from "./rule-board.ts";

/** What a restart must not forget. Times are milliseconds since 1970, or ISO 8601. */
export interface SavedState {
  version: 1;
  standings: Standing[];
  /** Those about which there is, or may be, something left to tell. */
  incidents: Incident[];
  /** By fingerprint: what was last told as firing. */
  last_told: [fingerprint: string, { atMs: number; alert: string }][];
  mutes: Mute[];
  unsaved_mutes: MuteEntry[];
  /** What the database does not know yet. */
  unsaved: AlertRecord[];
}

export const nothingSaved: SavedState = {
  version: 1,
  standings: [],
  incidents: [],
  last_told: [],
  mutes: [],
  unsaved_mutes: [],
  unsaved: [],
};

/**
 * Keeps a state in `<dataDir>/alerts/state.json`. What is there is always whole: it is written beside, brought
 * to disk, and put into place.
 */
export class StateFile {
  readonly #path: string;
  readonly #log: Logger;
  readonly #take: () => SavedState;
  #writing: Promise<void> | undefined;
  #again = false;
  #failed = false;

  /** @param options.take called for the state when it is about to be written */
  constructor({ dataDir, log, take }: { dataDir: string; log: Logger; take: () => SavedState }) {
    this.#path = join(dataDir, "alerts", "state.json");
    this.#log = log;
    this.#take = take;
  }

  /** What was saved; a file that cannot be understood is set aside. */
  static read(dataDir: string, log: Logger): SavedState {
    const path = join(dataDir, "alerts", "state.json");
    try {
      const state = JSON.parse(readFileSync(path, "utf8")) as SavedState;
      if (state.version !== 1) throw new Error(`it has version ${state.version}`);
      return state;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return nothingSaved;
      log.error({ err: error, path }, "the saved state of the alerts cannot be read and is set aside");
      setAside(path);
      return nothingSaved;
    }
  }

  /** Resolves when the state, as it is now or later, is on disk, or when that has failed and was logged. */
  async save(): Promise<void> {
    if (this.#writing) this.#again = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #write(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#writeOnce(JSON.stringify(this.#take()));
        this.#failed = false;
      } catch (error) {
        if (!this.#failed) this.#log.error({ err: error }, "the state of the alerts cannot be saved");
        this.#failed = true;
      }
    } while (this.#again);
  }

  async #writeOnce(text: string): Promise<void> {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}.new`;
    const file = await open(draft, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    // The new name is on disk only when its folder is.
    const directory = await open(folder, "r");
    await directory.sync().finally(() => directory.close());
  }
}

const setAside = (path: string): void => {
  try {
    renameSync(path, `${path}.unreadable`);
  } catch {
    // It is overwritten then.
  }
};
