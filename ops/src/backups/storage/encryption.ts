import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";

/*
 * A file is a header (magic, salt) and frames: length with the highest bit set in the last one, ciphertext, tag. The key
 * is derived for this file from BACKUP_KEY and the salt, so that a counter is a safe nonce. The counter orders the
 * frames, and the nonce marks the last one: a frame that is changed, moved, missing or cut off does not decrypt.
 */
const magic = Buffer.from("EBK1");
const saltBytes = 32;
const headerBytes = magic.length + saltBytes;
const frameBytes = 65_536;
const lengthBytes = 4;
const tagBytes = 16;
const lastBit = 0x8000_0000;

/** An encrypted file that was changed or cut off, or was written with another key. */
export class NotDecryptable extends Error {}

/** Identifies a key without revealing it. */
export const keyId = (key: string): string => derive(key, "", "key id").toString("hex").slice(0, 16);

/** Authenticates a text with the key. */
export const macOf = (key: string, text: string): string =>
  createHmac("sha256", derive(key, "", "manifest"))
    .update(text)
    .digest("hex");

const derive = (key: string, salt: string | Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", key, salt, `earlybird backup: ${purpose}`, 32));

const nonceOf = (counter: number, isLast: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(counter), 0);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
};

/** Encrypts a stream with AES-256-GCM in frames of 64 KiB. `name` is bound to the content. */
export const encrypting = (key: string, name: string): Transform => {
  const salt = randomBytes(saltBytes);
  const fileKey = derive(key, salt, name);
  let counter = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const frame = (plain: Buffer, isLast: boolean): Buffer => {
    const cipher = createCipheriv("aes-256-gcm", fileKey, nonceOf(counter++, isLast));
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(((isLast ? lastBit : 0) | plain.length) >>> 0);
    return Buffer.concat([length, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
  return new Transform({
    construct(done) {
      this.push(Buffer.concat([magic, salt]));
      done();
    },
    transform(chunk: Buffer, _, done) {
      held.push(chunk);
      heldBytes += chunk.length;
      // The last frame is known only at the end: one is always held back.
      if (heldBytes <= frameBytes) return done();
      let all = Buffer.concat(held);
      for (; all.length > frameBytes; all = all.subarray(frameBytes))
        this.push(frame(all.subarray(0, frameBytes), false));
      held = [all];
      heldBytes = all.length;
      done();
    },
    flush(done) {
      this.push(frame(Buffer.concat(held), true));
      done();
    },
  });
};

/** Decrypts what {@link encrypting} wrote under the same key and name. Fails with {@link NotDecryptable}. */
export const decrypting = (key: string, name: string): Transform => {
  let buffer = Buffer.alloc(0);
  let fileKey: Buffer | undefined;
  let counter = 0;
  let ended = false;
  const open = (sealed: Buffer, isLast: boolean): Buffer => {
    const decipher = createDecipheriv("aes-256-gcm", fileKey as Buffer, nonceOf(counter++, isLast));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
  };
  const readFrames = (push: (plain: Buffer) => void): void => {
    for (;;) {
      if (buffer.length < lengthBytes) return;
      const word = buffer.readUInt32BE();
      const length = word & ~lastBit;
      if (ended || length > frameBytes) throw new NotDecryptable("frame out of place");
      const end = lengthBytes + length + tagBytes;
      if (buffer.length < end) return;
      ended = word >= lastBit;
      push(open(buffer.subarray(lengthBytes, end), ended));
      buffer = buffer.subarray(end);
    }
  };
  return new Transform({
    transform(chunk: Buffer, _, done: TransformCallback) {
      try {
        buffer = Buffer.concat([buffer, chunk]);
        if (!fileKey) {
          if (buffer.length < headerBytes) return done();
          if (!buffer.subarray(0, magic.length).equals(magic)) throw new NotDecryptable("not encrypted");
          fileKey = derive(key, buffer.subarray(magic.length, headerBytes), name);
          buffer = buffer.subarray(headerBytes);
        }
        readFrames((plain) => this.push(plain));
        done();
      } catch (cause) {
        done(cause instanceof NotDecryptable ? cause : new NotDecryptable("changed", { cause }));
      }
    },
    flush(done) {
      done(ended && buffer.length === 0 ? null : new NotDecryptable("cut off"));
    },
  });
};
