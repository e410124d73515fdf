import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { decrypt, deriveKey, encrypt } from "../../encryption.ts";
import { tokenHash } from "../../token-hash.ts";

const periodSeconds = 30;
const secretBytes = 20;

const keyOf = (jwtSecret: string): Buffer => deriveKey(jwtSecret, "totp secrets");

export const encryptSecret = (secret: Buffer, jwtSecret: string): Buffer => encrypt(keyOf(jwtSecret), secret);

/** Undefined if it was encrypted under another `JWT_SECRET`, or is damaged. */
export const decryptSecret = (stored: Buffer, jwtSecret: string): Buffer | undefined =>
  decrypt(keyOf(jwtSecret), stored);

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
 * The time step (RFC 6238, 30 seconds) of a code, at most one step early or late; undefined if the code is wrong.
 */
export const stepOfCode = (secret: Buffer, code: string, now: Date): number | undefined => {
  const timestamp = now.getTime();
  const delta = totpOf(secret).validate({ token: code, timestamp, window: 1 });
  return delta === null ? undefined : Math.floor(timestamp / 1_000 / periodSeconds) + delta;
};

/** Ten recovery codes for a lost authenticator: eight groups of four hex digits. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: 10 }, () =>
    randomBytes(16)
      .toString("hex")
      .replace(/(.{4})(?=.)/g, "$1-"),
  );

export const hashOfRecoveryCode = (code: string): string => tokenHash(code.replace(/[^0-9a-f]/g, ""));
