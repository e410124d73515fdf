import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import type { LedgerHead } from "./ledger-hash.ts";

/** A head of the ledger at a time, signed with a key that is not in the database. One line of the anchor file. */
export interface Anchor extends LedgerHead {
  /** ISO 8601. */
  at: string;
  /** Which ledger: the address of its database, without role and password. */
  database: string;
  /** The first 16 hex digits of SHA-256 of the public key. */
  key: string;
  /** Ed25519, base64. */
  signature: string;
}

const anchorSchema: z.ZodType<Anchor> = z.object({
  at: z.iso.datetime(),
  database: z.string(),
  seq: z.int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  key: z.string(),
  signature: z.base64(),
});

/** What is signed. */
const contentOf = ({ at, database, seq, hash }: Omit<Anchor, "key" | "signature">): Buffer =>
  Buffer.from(JSON.stringify(["earlybird ledger anchor", at, database, seq, hash]));

/** The name of a public key in anchors. */
export const nameOfKey = (publicKey: KeyObject): string =>
  createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);

/** Signs a head of the ledger. */
export const signAnchor = (
  privateKey: KeyObject,
  { seq, hash, at, database }: LedgerHead & { at: Date; database: string },
): Anchor => {
  const content = { at: at.toISOString(), database, seq, hash };
  return {
    ...content,
    key: nameOfKey(createPublicKey(privateKey)),
    signature: sign(null, contentOf(content), privateKey).toString("base64"),
  };
};

export interface AnchorLines {
  anchors: Anchor[];
  /** One sentence for each line that is not signed with this key. */
  faults: string[];
}

/**
 * Reads an anchor file. A line that cannot be read was being written when the machine stopped. It counts for nothing, as
 * if somebody had removed it.
 *
 * @param publicKey whose signatures count
 */
export const readAnchors = (text: string, publicKey: KeyObject): AnchorLines => {
  const anchors: Anchor[] = [];
  const faults: string[] = [];
  const name = nameOfKey(publicKey);
  for (const [at, line] of text.split("\n").entries()) {
    const anchor = parse(line);
    const where = `Line ${at + 1} of the anchor file`;
    if (!anchor) continue;
    if (anchor.key !== name) faults.push(`${where} is signed with another key (${anchor.key}).`);
    else if (!verify(null, contentOf(anchor), publicKey, Buffer.from(anchor.signature, "base64")))
      faults.push(`${where} was edited: its signature does not fit.`);
    else anchors.push(anchor);
  }
  return { anchors, faults };
};

const parse = (line: string): Anchor | undefined => {
  try {
    return anchorSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
};
