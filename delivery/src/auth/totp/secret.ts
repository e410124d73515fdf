import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

const periodSeconds = 30;
const secretBytes = 20;

const keyOf = (jwtSecret: string): Buffer =>
  Buffer.from(hkdfSync("sha256", jwtSecret, "", "earlybird totp secrets", 32));

/** Encrypts a secret with AES-256-GCM under a key that is derived from `JWT_SECRET`: nonce, tag, text. */
export const encryptSecret = (secret: Buffer, jwtSecret: string): Buffer => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(jwtSecret), nonce);
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
};

/** Undefined where it was encrypted under another `JWT_SECRET`, or damaged. */
export const decryptSecret = (stored: Buffer, jwtSecret: string): Buffer | undefined => {
  const decipher = createDecipheriv("aes-256-gcm", keyOf(jwtSecret), stored.subarray(0, 12));
  decipher.setAuthTag(stored.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(stored.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
};

export const newSecret = (): Buffer => randomBytes(secretBytes);

const totpOf = (secret: Buffer, label = ""): TOTP =>
  new TOTP({
    issuer: "EarlyBird",
    label,
    period: periodSeconds,
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  });

/** The secret in base32 and as the `otpauth:` URI that an authenticator scans. */
export const enrolmentOf = (secret: Buffer, email: string): { secret: string; uri: string } => ({
  secret: new Secret({ buffer: new Uint8Array(secret).buffer }).base32,
  uri: totpOf(secret, email).toString(),
});

/**
 * The time step (RFC 6238, 30 seconds) of a code, one step early or late included; undefined when it is wrong.
 */
export const stepOfCode = (secret: Buffer, code: string, now: Date): number | undefined => {
  const timestamp = now.getTime();
  const delta = totpOf(secret).validate({ token: code, timestamp, window: 1 });
  return delta === null ? undefined : Math.floor(timestamp / 1_000 / periodSeconds) + delta;
};

/** Ten codes for the day on which the phone is lost: eight groups of four hex digits. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: 10 }, () =>
    randomBytes(16)
      .toString("hex")
      .replace(/(.{4})(?=.)/g, "$1-"),
  );

/** 128 random bits need no slow hash. */
export const hashOfRecoveryCode = (code: string): string =>
  createHash("sha256")
    .update(code.replace(/[^0-9a-f]/g, ""))
    .digest("hex");
