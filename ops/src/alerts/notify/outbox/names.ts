import { randomBytes } from "node:crypto";

/** The kind of a spool file by its name: `3f2a9c1b7d5e6f80.owner`, `3f2a9c1b7d5e6f80.000042.json`. */
export interface SpoolName {
  /** Whose it is: sixteen digits for each spool that was ever opened. */
  owner: string;
  kind: "owner" | "entry" | "temporary";
}

/** A name for a spool that is opened now. */
export const newOwner = (): string => randomBytes(8).toString("hex");

export const ownerName = (owner: string): string => `${owner}.owner`;

/** @param number grows with each entry, so that a directory lists them in order */
export const entryName = (owner: string, number: number): string =>
  `${owner}.${String(number).padStart(6, "0")}.json`;

/** Where an entry is written until it is whole. */
export const temporaryName = (name: string): string => name.replace(/json$/, "tmp");

/** Undefined for foreign files. */
export const parseName = (name: string): SpoolName | undefined => {
  const [, owner, ending] = /^([0-9a-f]{16})\.(owner|\d{6,}\.json|\d{6,}\.tmp)$/.exec(name) ?? [];
  if (owner === undefined || ending === undefined) return undefined;
  if (ending === "owner") return { owner, kind: "owner" };
  return { owner, kind: ending.endsWith(".json") ? "entry" : "temporary" };
};
