import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { removeFile, replaceFile, syncDirectory } from "../../../core/atomic-file.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Logger } from "../../../core/logger.ts";
import { type Owner, thisProcess } from "../../../core/process-lease.ts";
import { withTimeout } from "../../../core/with-timeout.ts";
import { type Entry, writeEntry } from "./entry.ts";
import { entryName, newOwner, ownerName, temporaryName } from "./names.ts";
import { takeOver } from "./take-over.ts";

/** How many files are written concurrently; each needs a descriptor. */
const mostAtOnce = 64;

/** A hanging disk must not block notifications. */
const diskTimeoutMs = 2_000;

/** The error code of a disk that does not respond. */
const hangs = "hangs";

/** More than a full disk has room for in blocks that are in use already. */
const probe = "0".repeat(64 * 1024);

export interface SpoolOptions {
  directory: string;
  log: Logger;
  clock: Clock;
  /** Called once when the directory cannot be written any more, with the reason, and once when it can be again. */
  onFailed: (reason: string) => void;
  onRecovered: () => void;
}

/**
 * Stores notifications until every channel is done. Each has its own file, which is replaced atomically.
 *
 * Several processes may share the directory. Each entry belongs to one process; the entries of a dead process are
 * taken over. If the disk is full or read-only, the spool logs that once and continues in memory.
 */
export class Spool {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #onFailed: (reason: string) => void;
  readonly #onRecovered: () => void;
  readonly #owner = newOwner();
  readonly #names = new WeakMap<Entry, string>();
  readonly #dirty = new Set<Entry>();
  readonly #reported = new Set<string>();
  #entries = 0;
  #here: Owner | undefined;
  #round: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #fault: string | undefined;

  constructor({ directory, log, clock, onFailed, onRecovered }: SpoolOptions) {
    this.#directory = directory;
    this.#log = log;
    this.#clock = clock;
    this.#onFailed = onFailed;
    this.#onRecovered = onRecovered;
  }

  /**
   * Writes an entry, or removes its file if nothing is pending. Resolves when that is on disk or has failed; then it
   * is retried with the next write. Never rejects. A disk that hangs is waited for once, until it works again.
   *
   * Calls during a write share the next one, with one sync of the directory.
   */
  async save(entry: Entry): Promise<void> {
    this.#dirty.add(entry);
    this.#next ??= this.#round.then(() => {
      this.#next = undefined;
      this.#round = this.#commit();
      return this.#round;
    });
    if (this.#fault === hangs) return;
    await withTimeout(diskTimeoutMs, this.#next).catch(() =>
      this.#failed(hangs, new Error("the disk does not answer")),
    );
  }

  /**
   * Renews the lease, retries failed writes, and takes over the entries of dead processes, oldest first. Call it at
   * the start and every minute. Never rejects.
   */
  async maintain(): Promise<Entry[]> {
    const taken: Entry[] = [];
    await this.#guard(async () => {
      const here = await this.#open();
      await this.#renewLease(here);
      if (this.#fault !== undefined) await this.#probe();
      const found = await takeOver(await readdir(this.#directory), {
        directory: this.#directory,
        log: this.#log,
        own: this.#owner,
        here,
        now: this.#clock.now(),
        nextNumber: () => this.#entries++,
        reported: this.#reported,
      });
      for (const { entry, number } of found) {
        this.#names.set(entry, entryName(this.#owner, number));
        taken.push(entry);
      }
    });
    const [unwritten] = this.#dirty;
    if (unwritten) await this.save(unwritten);
    return taken.sort((a, b) => a.notification.created_at.localeCompare(b.notification.created_at));
  }

  /** Waits for running writes, and leaves the remaining entries to the next process. */
  async close(): Promise<void> {
    await withTimeout(diskTimeoutMs, this.#leave()).catch(() => undefined);
    this.#here = undefined;
  }

  async #leave(): Promise<void> {
    await this.#next;
    await this.#round;
    await removeFile(join(this.#directory, ownerName(this.#owner))).catch(() => undefined);
  }

  async #commit(): Promise<void> {
    const entries = [...this.#dirty];
    await this.#guard(async () => {
      await this.#open();
      const failures: unknown[] = [];
      const write = async (entry: Entry): Promise<void> => {
        // Before the write: later changes need another one.
        this.#dirty.delete(entry);
        await this.#write(entry).catch((error) => {
          this.#dirty.add(entry);
          failures.push(error);
        });
      };
      for (let n = 0; n < entries.length; n += mostAtOnce) {
        await Promise.all(entries.slice(n, n + mostAtOnce).map(write));
      }
      await syncDirectory(this.#directory);
      if (failures.length > 0) throw failures[0];
      if (this.#fault === hangs) this.#recovered();
    });
  }

  async #write(entry: Entry): Promise<void> {
    const isNew = !this.#names.has(entry);
    const name = this.#names.get(entry) ?? entryName(this.#owner, this.#entries++);
    this.#names.set(entry, name);
    const path = join(this.#directory, name);
    if (Object.keys(entry.pending).length > 0) {
      await replaceFile(path, join(this.#directory, temporaryName(name)), writeEntry(entry));
    } else if (!isNew) await removeFile(path);
  }

  /** Creates the directory and the owner file, before the first entry. */
  async #open(): Promise<Owner> {
    if (this.#here) return this.#here;
    const here = thisProcess();
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#renewLease(here);
    for (const parent of [dirname(this.#directory), dirname(dirname(this.#directory))]) {
      await syncDirectory(parent);
    }
    this.#here = here;
    return here;
  }

  async #renewLease(here: Owner): Promise<void> {
    await writeFile(join(this.#directory, ownerName(this.#owner)), JSON.stringify(here), { mode: 0o600 });
  }

  /** Runs disk work; logs once when it begins to fail, and once when it works again. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The directory may have been removed; it is created again.
      this.#here = undefined;
      this.#failed((error as NodeJS.ErrnoException).code ?? "unknown", error);
    }
  }

  /** Removing a file, or replacing a small one, also works on a full disk, so it does not show that there is room. */
  async #probe(): Promise<void> {
    const path = join(this.#directory, temporaryName(entryName(this.#owner, this.#entries++)));
    await replaceFile(path, `${path}.new`, probe);
    await removeFile(path);
    this.#recovered();
  }

  #recovered(): void {
    this.#fault = undefined;
    this.#log.info({}, "the spool of notifications can be written again");
    this.#onRecovered();
  }

  #failed(fault: string, error: unknown): void {
    const isNew = fault !== this.#fault;
    // Before the call: the alert about it is a notification, too.
    this.#fault = fault;
    if (!isNew) return;
    const about = { err: error, directory: this.#directory };
    this.#log.error(about, "notifications are delivered from memory: their spool cannot be written");
    this.#onFailed(faultOf(fault));
  }
}

const meanings: Record<string, string> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EIO: "the disk reports an error",
  [hangs]: "the disk does not answer",
};

const faultOf = (fault: string): string => meanings[fault] ?? fault;
