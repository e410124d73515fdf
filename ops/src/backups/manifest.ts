import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile, syncDirectory } from "../core/atomic-file.ts";
import { keyId, macOf } from "./storage/encryption.ts";

const partKind = z.enum(["base", "tablespace", "files", "wal", "dump"]);
export type PartKind = z.infer<typeof partKind>;

const partSchema = z.object({
  file: z.string().regex(/^[\w.-]+$/),
  kind: partKind,
  /** Of the tablespace. */
  oid: z.int().optional(),
  /** In the file. */
  bytes: z.int(),
  /** Before compression and encryption. */
  raw_bytes: z.int(),
  sha256: z.string(),
});
/** A file of a backup. */
export type Part = z.infer<typeof partSchema>;

export const verdictSchema = z.enum(["ok", "failed", "unknown"]);
/** `unknown`: no copy could be started or compared; never to be taken for `ok`. */
export type Verdict = z.infer<typeof verdictSchema>;

export const checkSchema = z.object({
  name: z.string(),
  verdict: verdictSchema,
  detail: z.string(),
  duration_ms: z.number(),
});
export type Check = z.infer<typeof checkSchema>;

export const verificationSchema = z.object({
  verdict: verdictSchema,
  at: z.iso.datetime(),
  duration_ms: z.number(),
  checks: z.array(checkSchema),
});
/** The result of a restore of a backup into a temporary server. */
export type Verification = z.infer<typeof verificationSchema>;

const fingerprintSchema = z.object({
  hash: z.string(),
  tables: z.record(z.string(), z.object({ rows: z.number(), hash: z.string() })),
  schema: z.string(),
  applied: z.array(z.int()),
});

export const methodSchema = z.enum(["physical", "dump", "command"]);
export type Method = z.infer<typeof methodSchema>;

const walSchema = z.object({
  timeline: z.int(),
  /** Where the part begins, at the start of a segment. */
  start: z.string(),
  /** Where it ends. */
  end: z.string(),
  segment_bytes: z.int(),
  /** Recovery ends before this position: there, the database is as in `fingerprint`. Null: at `end`. */
  target: z.string().nullable(),
});

export const manifestSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  method: methodSchema,
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime(),
  duration_ms: z.number(),
  requested_by: z.string(),
  host: z.string(),
  scheduled: z.boolean(),
  server: z.object({
    version: z.string(),
    major: z.int(),
    /** The role that initdb made. */
    superuser: z.string(),
    /** A copy needs as many. */
    max_prepared_transactions: z.int(),
  }),
  database: z.string(),
  embedded: z.boolean(),
  /** Of the server: a dump needs them to exist. Empty for other methods. */
  roles: z.array(z.string()),
  key_id: z.string().nullable(),
  parts: z.array(partSchema),
  bytes: z.int(),
  raw_bytes: z.int(),
  wal: walSchema.nullable(),
  /** Null if the database never was at rest during the backup, or has no tables of the platform. */
  fingerprint: fingerprintSchema.nullable(),
  verification: verificationSchema.nullable(),
});
/** `backup.json`: describes a complete backup. Times are ISO 8601. */
export type Manifest = z.infer<typeof manifestSchema>;

export const manifestFile = "backup.json";

const signed = z.object({ manifest: manifestSchema, mac: z.string().optional() });

/** Writes the manifest atomically. Without it, a backup is incomplete. */
export const writeManifest = async (
  { directory, key }: { directory: string; key: string | undefined },
  manifest: Manifest,
): Promise<void> => {
  // Parsed, so that the fields are in the order in which a reader has them.
  const ordered = manifestSchema.parse(manifest);
  const mac = key === undefined ? {} : { mac: macOf(key, JSON.stringify(ordered)) };
  const text = `${JSON.stringify({ manifest: ordered, ...mac }, null, 2)}\n`;
  await replaceFile(join(directory, manifestFile), join(directory, `.${manifestFile}`), text);
  await syncDirectory(directory);
};

/** Reads the manifest of a backup; undefined if the backup is incomplete. */
export const readManifest = async (directory: string): Promise<Manifest | undefined> =>
  (await readSigned(directory))?.manifest;

const readSigned = async (directory: string) => {
  const text = await readFile(join(directory, manifestFile), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return signed.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** What is wrong with the key or with the manifest, which the key authenticates. */
export const faultOfKey = async (
  directory: string,
  key: string | undefined,
): Promise<"not set" | "another one" | "changed" | undefined> => {
  const found = await readSigned(directory);
  if (!found || found.manifest.key_id === null) return undefined;
  if (key === undefined) return "not set";
  if (keyId(key) !== found.manifest.key_id) return "another one";
  return found.mac === macOf(key, JSON.stringify(found.manifest)) ? undefined : "changed";
};
