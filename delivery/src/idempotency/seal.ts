import { createHmac } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { decrypt, deriveKey, encrypt } from "../encryption.ts";

/** Protects stored responses from readers of the table: a response can contain the token of a shared link. */
export interface Seal {
  /** A keyed SHA-256 of the request: a password in it cannot be guessed from the hash. */
  fingerprint(asked: unknown): string;
  /** Encrypts a value for the row `id`; dates stay dates. */
  close(id: number, value: unknown): Buffer;
  /** The value; undefined if the secret has changed. */
  open(id: number, closed: Buffer): unknown;
}

/** @param secret the secret that signs logins; two keys are derived from it */
export const createSeal = (secret: string): Seal => {
  const hashingKey = deriveKey(secret, "idempotency fingerprint");
  const encryptionKey = deriveKey(secret, "idempotency answer");
  return {
    fingerprint: (asked) => createHmac("sha256", hashingKey).update(JSON.stringify(asked)).digest("hex"),
    close: (id, value) => encrypt(encryptionKey, serialize(value), String(id)),
    open: (id, closed) => {
      const opened = decrypt(encryptionKey, closed, String(id));
      try {
        return opened && deserialize(opened);
      } catch {
        // An older Node.js cannot read the format of a newer one.
        return undefined;
      }
    },
  };
};
