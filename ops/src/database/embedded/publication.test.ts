import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenNear } from "./address.ts";
import { latestPublication, publish } from "./publication.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "earlybird-publication-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("of many who publish at once, over and over, exactly one holds", async () => {
  const directory = await mkdtemp(join(home, "many-"));
  for (let round = 0; round < 10; round += 1) {
    const candidates = await Promise.all(Array.from({ length: 8 }, () => listenNear(directory)));
    const published = await Promise.all(candidates.map(({ address }) => publish(directory, address, round)));
    expect(published.filter(Boolean)).toHaveLength(1);
    const winner = candidates[published.indexOf(true)];
    expect(await latestPublication(directory)).toMatchObject({ address: winner?.address });
    // What they leave is as after a kill: the file of the last one, and nobody who answers.
    for (const { listener } of candidates) listener.close();
  }
});

test("where the path of a socket would be too long, it is kept in the temporary directory", async () => {
  const directory = join(home, "x".repeat(120));
  const { listener, address } = await listenNear(directory);
  expect(address.startsWith(tmpdir())).toBe(true);
  expect(Buffer.byteLength(address)).toBeLessThanOrEqual(100);
  await new Promise((resolve) => listener.close(resolve));
  expect(existsSync(dirname(address))).toBe(false);
});
