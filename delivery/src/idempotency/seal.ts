import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { deserialize, serialize } from "node:v8";

/** Keeps what is stored about a request from who reads the table: an answer may hold the token of a shared link. */
export interface Seal {
  /** SHA-256 of what was asked, keyed: a password in it cannot be guessed from the hash. */
  fingerprint(asked: unknown): string;
  /** Encrypts a value for the row `id`; dates stay dates. */
  close(id: number, value: unknown): Buffer;
  /** The value; undefined where the secret has been changed since. */
  open(id: number, closed: Buffer): unknown;
}

const algorithm = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;

/** @param secret what signs logins; two keys are derived from it */
export const createSeal = (secret: string): Seal => {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", secret, "", `earlybird idempotency ${purpose}`, 32));
  const [hashing, encryption] = [derive("fingerprint"), derive("answer")];
  return {
    fingerprint: (asked) => createHmac("sha256", hashing).update(JSON.stringify(asked)).digest("hex"),

    close(id, value) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, encryption, iv).setAAD(Buffer.from(String(id)));
      const text = Buffer.concat([cipher.update(serialize(value)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]);
    },

    open(id, closed) {
      const decipher = createDecipheriv(algorithm, encryption, closed.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(String(id))).setAuthTag(closed.subarray(ivBytes, ivBytes + tagBytes));
      const text = decipher.update(closed.subarray(ivBytes + tagBytes));
      try {
        return deserialize(Buffer.concat([text, decipher.final()]));
      } catch {
        return undefined;
      }
    },
  };
};
