import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { defineFailure, Failure } from "../../core/failure.ts";

const keyUnusable = defineFailure({
  code: "EB_ANCHOR_KEY",
  status: 500,
  exitStatus: 2,
  detail: "{path} does not contain a readable private Ed25519 key.",
  remedy: 'Correct LEDGER_ANCHOR_KEY_FILE; "openssl genpkey -algorithm ed25519" generates a key.',
});

/**
 * The private key of a PEM file; where there is none, a new one that only this user may read.
 *
 * @throws Failure EB_ANCHOR_KEY
 */
export const anchorKey = async (path: string): Promise<KeyObject> => {
  try {
    return readKey(path, await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw asFailure(error, path);
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  const own = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(own, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "w" });
  try {
    // Whole or not at all, and only one of two processes that start together makes it.
    await link(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
  return readKey(path, await readFile(path, "utf8"));
};

const readKey = (path: string, pem: string): KeyObject => {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw keyUnusable({ path });
  return key;
};

const asFailure = (error: unknown, path: string): Failure =>
  error instanceof Failure ? error : keyUnusable({ path });
