import type { Browser } from "playwright-core";
import { reapply } from "../../test/support/api.ts";
import { linkInNotification, undoFromNotification } from "../../test/support/at-three.ts";
import { openPage } from "../../test/support/browser.ts";
import { startConsoleStage } from "../../test/support/console-stage.ts";
import { createDatabase, withServer } from "../business.ts";
import { median, ms, printTable } from "../figures.ts";

const rounds = 3;
const screens = [
  ["1440 px", 1440, 900],
  ["390 px", 390, 844],
] as const;

/** From a notification's link to a step that is undone and verified. */
export const benchAtThree = (browser: Browser): Promise<void> =>
  withServer(async (serverUrl) => {
    const stage = await startConsoleStage({ url: await createDatabase(serverUrl, "at_three") });
    const found = new Map<string, { clicks: number; machineMs: number }[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, width, height] of screens) {
        const { page, context } = await openPage(browser, { width, height });
        for (const login of ["logged out", "logged in"]) {
          const side = `${name}, ${login}`;
          const walked = await undoFromNotification(page, linkInNotification(stage));
          found.set(side, [...(found.get(side) ?? []), walked]);
          await reapply(stage.api, 23);
          await stage.settleHistory();
        }
        await context.close();
      }
    }
    await stage.stop();
    console.log(
      `\nFrom the link in a notification to a step that is undone and verified, without the time of a person, medians of ${rounds} interleaved rounds. Goal: 10 s and 6 clicks, 4 if logged in; the link is the first.\n`,
    );
    printTable(
      ["", "clicks", "machine time"],
      [...found].map(([side, walked]) => [
        side,
        String(Math.max(...walked.map(({ clicks }) => clicks))),
        ms(median(walked.map(({ machineMs }) => machineMs))),
      ]),
    );
  });
