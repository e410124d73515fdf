// JavaScript, not TypeScript: Node loads a worker's file itself, from src and from dist alike.
import { hashSync, verifySync } from "@node-rs/argon2";

/**
 * Argon2id with the library's defaults, which follow OWASP: 19 MiB, 2 passes.
 *
 * @param {{ password: string | Uint8Array }} task
 */
export const hash = ({ password }) => hashSync(password);

/** @param {{ passwordHash: string, password: string }} task */
export const verify = ({ passwordHash, password }) => verifySync(passwordHash, password);
