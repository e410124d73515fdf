import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** Derives a 256-bit key for one purpose from a secret (HKDF-SHA-256). */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", `earlybird ${purpose}`, 32));

/**
 * Encrypts with AES-256-GCM.
 *
 * @param context authenticated but not stored: decryption needs the same
 * @returns nonce, tag and ciphertext
 */
export const encrypt = (key: Buffer, plain: Buffer, context = ""): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
};

/** The plain text; undefined if it was encrypted under another key or context, or is damaged. */
export const decrypt = (key: Buffer, encrypted: Buffer, context = ""): Buffer | undefined => {
  try {
    const decipher = createDecipheriv(algorithm, key, encrypted.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    const text = nonceBytes + tagBytes;
    decipher.setAAD(Buffer.from(context)).setAuthTag(encrypted.subarray(nonceBytes, text));
    return Buffer.concat([decipher.update(encrypted.subarray(text)), decipher.final()]);
  } catch {
    return undefined;
  }
};
