import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { defineFailure } from "../core/failure.ts";

const nonceBytes = 12;
const tagBytes = 16;

const shortestSecret = 32;

const secretTooShort = defineFailure({
  code: "EB_CONSOLE_SECRET",
  status: 500,
  detail: "The secret of the console has fewer than {shortest} characters.",
  remedy: "Set the option console.secret to a random string, the same in all instances.",
});

/** Encrypts short texts for clients that must not read or change them. */
export interface Sealer {
  seal(text: string): string;
  /** Undefined for a text that was not sealed with the same secret. */
  unseal(sealed: string): string | undefined;
}

/**
 * Seals with AES-256-GCM under a key that is derived from `secret` for `purpose` by HKDF-SHA-256 (RFC 5869).
 *
 * @param secret shared by all instances; any string of at least 32 characters
 * @throws Failure EB_CONSOLE_SECRET
 */
export const createSealer = (secret: string, purpose: string): Sealer => {
  if (secret.length < shortestSecret) throw secretTooShort({ shortest: shortestSecret });
  const key = Buffer.from(hkdfSync("sha256", secret, "", `earlybird ${purpose}`, 32));
  return {
    seal: (text) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString("base64url");
    },
    unseal: (sealed) => {
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      try {
        const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes));
        cipher.setAuthTag(bytes.subarray(-tagBytes));
        const text = cipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8");
        return text + cipher.final("utf8");
      } catch {
        return undefined;
      }
    },
  };
};
