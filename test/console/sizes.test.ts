import fastify from "fastify";
import { expect, test } from "vitest";
import { consolePages } from "../../ops/src/console/pages.ts";
import { consoleSizes } from "../support/console-sizes.ts";

test("the built console keeps its budgets", () => {
  const { firstLoad, fonts, largestChunk } = consoleSizes();
  const withinKb = (bytes: number, limit: number) =>
    expect(Math.ceil(bytes / 1_000)).toBeLessThanOrEqual(limit);
  withinKb(firstLoad, 130);
  withinKb(fonts, 90);
  withinKb(largestChunk.bytes, 25);
  // A pattern that matches no file passes otherwise.
  expect(firstLoad).toBeGreaterThan(60_000);
  expect(largestChunk.bytes).toBeGreaterThan(1_000);
});

test("scripts and styles are sent compressed", async () => {
  const app = fastify();
  await consolePages(app, "/console");
  const page = await app.inject("/console");
  const files = [...page.body.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const file of files) {
    for (const encoding of ["br", "gzip"]) {
      const { headers } = await app.inject({
        url: `/console/${file}`,
        headers: { "accept-encoding": encoding },
      });
      expect([file, headers["content-encoding"]]).toEqual([file, encoding]);
    }
  }
  await app.close();
});
