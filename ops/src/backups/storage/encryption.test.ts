import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { decrypting, encrypting, NotDecryptable } from "./encryption.ts";

const key = randomBytes(32).toString("hex");
const frame = 65_536 + 20;
const header = 36;

const encrypt = (plain: Buffer, name = "base") => buffer(Readable.from([plain]).pipe(encrypting(key, name)));
/** In pieces, so that frames begin in the middle of one. */
const decrypt = (sealed: Buffer, name = "base", by = key) =>
  buffer(Readable.from(pieces(sealed)).compose(decrypting(by, name)) as Readable);
const pieces = (all: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(all.length / 9_999) }, (_, index) =>
    all.subarray(index * 9_999, (index + 1) * 9_999),
  );

test.each([0, 1, 65_536, 65_537, 200_000])("%d bytes come back", async (size) => {
  const plain = randomBytes(size);
  const sealed = await encrypt(plain);
  expect((await decrypt(sealed)).equals(plain)).toBe(true);
});

test("frames that are changed, cut off, repeated, exchanged or of another file or key are refused", async () => {
  const sealed = await encrypt(randomBytes(200_000));
  const flipped = Buffer.from(sealed);
  flipped[header + 100] = (flipped[header + 100] ?? 0) ^ 1;
  const [first, second] = [
    sealed.subarray(header, header + frame),
    sealed.subarray(header + frame, header + 2 * frame),
  ];
  const rest = sealed.subarray(header + 2 * frame);
  const start = sealed.subarray(0, header);
  for (const broken of [
    flipped,
    sealed.subarray(0, -1),
    // At the end of a frame: only the mark of the last one tells.
    sealed.subarray(0, header + 2 * frame),
    Buffer.concat([start, second, first, rest]),
    Buffer.concat([start, first, first, second, rest]),
    Buffer.concat([sealed, first]),
  ])
    await expect(decrypt(broken)).rejects.toThrow(NotDecryptable);
  await expect(decrypt(sealed, "wal")).rejects.toThrow(NotDecryptable);
  await expect(decrypt(sealed, "base", randomBytes(32).toString("hex"))).rejects.toThrow(NotDecryptable);
});
