import { type FileHandle, open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { syncDirectory } from "../../core/atomic-file.ts";
import { defineFailure } from "../../core/failure.ts";
import { commandNameSchema, releaseStateSchema } from "./state.ts";

const damaged = defineFailure({
  code: "EB_RELEASE_JOURNAL_DAMAGED",
  status: 500,
  detail: "Line {line} of {file} cannot be read.",
  remedy: "Restore the file from a backup, or remove the line if the lines around it show what happened.",
});

const directionSchema = z.enum(["do", "undo"]);
export type ActDirection = z.infer<typeof directionSchema>;

/** A line of the journal. Times are ISO 8601. */
export const journalEntrySchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("state"),
    at: z.iso.datetime(),
    state: releaseStateSchema,
    reason: z.string().nullable(),
    /** The release is held until something outside is back, and then goes on by itself. */
    outage: z.boolean(),
  }),
  z.object({ type: z.literal("intent"), at: z.iso.datetime(), act: z.string(), direction: directionSchema }),
  z.object({
    type: z.literal("outcome"),
    at: z.iso.datetime(),
    act: z.string(),
    direction: directionSchema,
    ok: z.boolean(),
    duration_ms: z.number(),
    evidence: z.string(),
  }),
  z.object({
    type: z.literal("command"),
    at: z.iso.datetime(),
    id: z.string(),
    command: commandNameSchema,
    by: z.string(),
    reason: z.string(),
  }),
]);
export type JournalEntry = z.infer<typeof journalEntrySchema>;

/**
 * Reads a journal. The last line of a process that was killed can be incomplete: it is ignored.
 *
 * @throws Failure EB_RELEASE_JOURNAL_DAMAGED if any other line cannot be read
 */
export const readJournal = async (file: string): Promise<JournalEntry[]> =>
  parse(file, await readFile(file, "utf8").catch(emptyIfMissing)).entries;

const emptyIfMissing = (error: NodeJS.ErrnoException): string => {
  if (error.code === "ENOENT") return "";
  throw error;
};

const parse = (file: string, text: string): { entries: JournalEntry[]; bytes: number } => {
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const entries = lines.map((line, at) => {
    const entry = journalEntrySchema.safeParse(jsonOrNothing(line));
    if (!entry.success) throw damaged({ line: at + 1, file });
    return entry.data;
  });
  return { entries, bytes: Buffer.byteLength(text.slice(0, end)) };
};

const jsonOrNothing = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** Appends to a journal. One process at a time: hold the lease of the release. */
export class Journal {
  readonly #file: FileHandle;
  readonly #entries: JournalEntry[];
  readonly #listener: (entry: JournalEntry) => void;

  private constructor(file: FileHandle, entries: JournalEntry[], listener: (entry: JournalEntry) => void) {
    this.#file = file;
    this.#entries = entries;
    this.#listener = listener;
  }

  /** @param listener called with each entry once it is on disk */
  static async open(path: string, listener: (entry: JournalEntry) => void = () => {}): Promise<Journal> {
    const { entries, bytes } = parse(path, await readFile(path, "utf8").catch(emptyIfMissing));
    const file = await open(path, "a", 0o600);
    // An incomplete line would spoil the next one.
    await truncate(path, bytes);
    await syncDirectory(dirname(path));
    return new Journal(file, entries, listener);
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Resolves once the entry survives a power loss. */
  async append(entry: JournalEntry): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.#file.datasync();
    this.#entries.push(entry);
    this.#listener(entry);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
