import { createHash } from "node:crypto";

/**
 * The SHA-256 of a random token. Only the hash is stored: a reader of the table cannot use the token. A token of 128
 * random bits or more needs no slow hash.
 */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");
