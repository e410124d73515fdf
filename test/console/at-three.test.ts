import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reapply } from "../support/api.ts";
import { linkInNotification, undoFromNotification } from "../support/at-three.ts";
import { hasBrowser, launchBrowser, openPage } from "../support/browser.ts";
import { type ConsoleStage, startConsoleStage } from "../support/console-stage.ts";

describe.skipIf(!hasBrowser)("at three in the morning", () => {
  let stage: ConsoleStage;
  let browser: Browser;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([startConsoleStage(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await stage.stop();
  });

  test.each([
    ["a desktop", 1440, 900],
    ["a phone", 390, 844],
  ])(
    "on %s, a notification leads to the step undone in 6 clicks, and in 4 if logged in",
    // Beside other tests, two long ways take a while.
    { timeout: 90_000 },
    async (_, width, height) => {
      const { page, context, errors, failures } = await openPage(browser, { width, height });
      const link = linkInNotification(stage);
      const stateOf23 = async () =>
        (await stage.api.ask("GET /api/rollback/steps/23", { as: "admin" })) as {
          state: string;
          operations: { reason: string }[];
        };
      for (const mostClicks of [6, 4]) {
        const { clicks, machineMs } = await undoFromNotification(page, link);
        console.log(`${width} px: ${clicks} clicks, ${Math.round(machineMs)} ms`);
        expect(clicks).toBeLessThanOrEqual(mostClicks);
        const { state, operations } = await stateOf23();
        expect([state, operations[0]?.reason]).toEqual([
          "rolled_back",
          "Bills of 3 customers could not be made.",
        ]);
        await reapply(stage.api, 23);
        await stage.settleHistory();
      }
      expect([errors, failures]).toEqual([[], []]);
      await context.close();
    },
  );
});
