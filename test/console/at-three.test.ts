import type { Browser, Page } from "playwright-core";
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

  const undoAndRedo = async (page: Page, mostClicks: number) => {
    const { clicks, machineMs } = await undoFromNotification(page, linkInNotification(stage));
    console.log(`${page.viewportSize()?.width} px: ${clicks} clicks, ${Math.round(machineMs)} ms`);
    expect(clicks).toBeLessThanOrEqual(mostClicks);
    const { state, operations } = (await stage.api.ask("GET /api/rollback/steps/23", { as: "admin" })) as {
      state: string;
      operations: { reason: string }[];
    };
    expect([state, operations[0]?.reason]).toEqual([
      "rolled_back",
      "Bills of 3 customers could not be made.",
    ]);
    await reapply(stage.api, 23);
    await stage.settleHistory();
  };

  test("a notification leads to the step undone in 6 clicks, and in 4 if logged in, also on a phone", async () => {
    const desktop = await openPage(browser, { width: 1440, height: 900 });
    await undoAndRedo(desktop.page, 6);
    await undoAndRedo(desktop.page, 4);
    const phone = await openPage(browser, { width: 390, height: 844 });
    await phone.context.addCookies(await desktop.context.cookies());
    await undoAndRedo(phone.page, 4);
    for (const { errors, failures } of [desktop, phone]) expect([errors, failures]).toEqual([[], []]);
  });
});
