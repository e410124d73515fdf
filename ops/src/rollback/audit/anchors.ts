import { createPublicKey, type KeyObject } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { type Anchor, type AnchorLines, readAnchors, signAnchor } from "./anchor.ts";
import { anchorKey } from "./anchor-key.ts";
import type { LedgerHead } from "./ledger-hash.ts";

const postWithinMs = 5_000;

export interface AnchorOptions {
  /** Where anchors are appended, one a line. */
  file: string;
  /**
   * A PEM file with the private Ed25519 key, made at the first anchor where it is absent. Keep it, and the anchors, where
   * nobody can write who can write to the database.
   */
  keyFile: string;
  /** An address that is sent each anchor as JSON. */
  url?: string | undefined;
  /** Which ledger: the address of its database, without role and password. */
  database: string;
  log: Pick<Logger, "warn">;
  clock: Clock;
}

/**
 * Keeps signed heads of the ledger outside of its database. Without them, a person with all rights over the database
 * could compute the chain anew, and nothing in the database would tell.
 */
export class LedgerAnchors {
  readonly #options: AnchorOptions;
  #key: Promise<KeyObject> | undefined;
  /** The newest that was written, and whether the address has it. */
  #newest: (LedgerHead & { posted: boolean }) | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: AnchorOptions) {
    this.#options = options;
  }

  /**
   * The public key as PEM, for a check on another machine.
   *
   * @throws Failure EB_ANCHOR_KEY
   */
  async publicKey(): Promise<string> {
    return createPublicKey(await this.#privateKey())
      .export({ type: "spki", format: "pem" })
      .toString();
  }

  /**
   * Writes and sends a head, unless it is the newest anchor already. Never fails: what cannot be written or sent is
   * logged, and tried again with the next head.
   */
  add(head: LedgerHead): Promise<void> {
    this.#last = this.#last.then(() =>
      this.#add(head).catch((err: unknown) =>
        this.#options.log.warn(
          { err, file: this.#options.file },
          `entry ${head.seq} of the ledger could not be anchored`,
        ),
      ),
    );
    return this.#last;
  }

  /**
   * The anchors of a file, those of this ledger only unless `all`.
   *
   * @param publicKey whose signatures count; left out, those of this ledger's key
   * @throws Failure EB_ANCHOR_KEY
   */
  async read({
    file = this.#options.file,
    publicKey,
    all = false,
  }: {
    file?: string | undefined;
    publicKey?: KeyObject | undefined;
    all?: boolean;
  } = {}): Promise<AnchorLines> {
    const text = await textOf(file);
    if (text === "") return { anchors: [], faults: [] };
    const { anchors, faults } = readAnchors(text, publicKey ?? createPublicKey(await this.#privateKey()));
    const { database } = this.#options;
    return { anchors: all ? anchors : anchors.filter((anchor) => anchor.database === database), faults };
  }

  /** Differs whenever the file was written. */
  async mark(): Promise<string> {
    const found = await stat(this.#options.file).catch(() => undefined);
    return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : "";
  }

  #privateKey(): Promise<KeyObject> {
    this.#key ??= anchorKey(this.#options.keyFile);
    return this.#key;
  }

  async #add(head: LedgerHead): Promise<void> {
    const { database, clock } = this.#options;
    const isNew = this.#newest?.seq !== head.seq || this.#newest.hash !== head.hash;
    if (!isNew && this.#newest?.posted) return;
    const anchor = signAnchor(await this.#privateKey(), { ...head, at: clock.now(), database });
    if (isNew && !(await this.#holds(head))) await append(this.#options.file, anchor);
    this.#newest = { ...head, posted: false };
    await this.#post(anchor);
    this.#newest.posted = true;
  }

  /** Another process, such as a command, may have written it. */
  async #holds({ seq, hash }: LedgerHead): Promise<boolean> {
    const newest = (await this.read()).anchors.at(-1);
    return newest?.seq === seq && newest.hash === hash;
  }

  async #post(anchor: Anchor): Promise<void> {
    const { url } = this.#options;
    if (url === undefined) return;
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(anchor),
      redirect: "error",
      signal: AbortSignal.timeout(postWithinMs),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`LEDGER_ANCHOR_URL answered ${answer.status}`);
  }
}

const append = async (path: string, anchor: Anchor): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a", 0o600);
  try {
    // The line end comes first, too: the line before may be unfinished.
    await file.write(`\n${JSON.stringify(anchor)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
};

const textOf = async (path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
};
