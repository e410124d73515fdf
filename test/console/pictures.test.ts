import { readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { takeLease } from "../../ops/src/deployment/release/lease.ts";
import { root } from "../repository/imports.ts";
import { beginSession, hasBrowser, launchBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { type ConsoleStage, startConsoleStage } from "../support/console-stage.ts";
import { command, committedText, directory, isWriting, takePicture, textOf } from "../support/pictures.ts";
import { writeReleaseStory } from "../support/release-story.ts";

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

/** What a picture shows. The name begins with the page. */
interface Picture {
  name: `${string}-${keyof typeof sizes}-${"night" | "day"}`;
  path: string | ((stage: ConsoleStage) => string);
  ready: (page: Page) => Locator;
  /** What happens on the page before. */
  prepare?: (page: Page, stage: ConsoleStage) => Promise<unknown>;
  /** Lines of the text that are not compared. */
  without?: RegExp;
}

const dryRun = (page: Page) => page.getByText("Dry run of step 23, rolling back");
const vitalSigns = (page: Page) => page.getByText("Vital signs");
const suspect = (page: Page) => page.getByText("Step 23 was re-applied 4 min before the alert fired.");
const alert = ({ alert }: ConsoleStage) => `/alerts/${alert}`;
const step = "/changes/23?reason=Bills%20of%203%20customers%20could%20not%20be%20made.";

/** In this order: the last ones change the state. */
const pictures: readonly Picture[] = [
  { name: "now-desktop-night", path: "", ready: vitalSigns },
  { name: "now-phone-day", path: "", ready: vitalSigns },
  { name: "alert-desktop-day", path: alert, ready: suspect },
  { name: "alert-phone-night", path: alert, ready: suspect },
  { name: "changes-desktop-night", path: "/changes", ready: (page) => page.getByRole("table") },
  {
    name: "traffic-desktop-day",
    path: "/traffic",
    ready: (page) => page.getByRole("table").first(),
  },
  { name: "ledger-desktop-day", path: "/ledger", ready: (page) => page.getByText("Every entry is as it") },
  { name: "settings-desktop-night", path: "/settings", ready: (page) => page.getByText("HIGH_CPU").first() },
  {
    name: "palette-desktop-night",
    path: "/changes",
    ready: (page) => page.getByRole("option", { name: /^Step Step 23/ }),
    prepare: async (page) => {
      await page.getByRole("table").waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("bill");
    },
  },
  { name: "step-desktop-night", path: step, ready: dryRun },
  { name: "step-phone-night", path: step, ready: dryRun },
  {
    name: "undone-desktop-day",
    path: step,
    ready: (page) => page.getByText("Dry run of step 23, re-applying"),
    prepare: async (page, { api, now }) => {
      await dryRun(page).waitFor();
      await page.getByLabel(/Confirm the risk/).fill("revenue loss");
      await page.getByRole("button", { name: "Undo step 23" }).click();
      await page.getByText("Step 23 is rolled back.").waitFor();
      // The database has the real time.
      await api.pool.query(
        `update earlybird.operations set started_at = $1, finished_at = $1
         where id = (select max(id) from earlybird.operations where kind = 'rollback')`,
        [now],
      );
      await page.reload();
    },
  },
  {
    name: "release-desktop-night",
    path: "/releases",
    ready: (page) => page.getByText("Observed for 4 min of 15 min."),
    prepare: async (page, { api, dataDir, now, url }) => {
      api.clock.set(now);
      const release = await writeReleaseStory(dataDir, api.clock);
      await release.close();
      await takeLease(release.directory, api.clock);
      await page.goto(`${url}/releases/${release.id}`);
    },
  },
];

describe.skipIf(!hasBrowser)("the pictures of the documentation", () => {
  let stage: ConsoleStage;
  let browser: Browser;
  let watched: WatchedPage;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([
      startConsoleStage({ withDemo: true, withMorning: true }),
      launchBrowser(),
    ]);
    const { api, url } = stage;
    watched = await openPage(browser, sizes.desktop);
    await watched.page.clock.setFixedTime(stage.now);
    await beginSession(watched.context, url, api.tokenOf("admin"));
  });
  afterAll(async () => {
    await browser.close();
    await stage.stop();
  });

  test.each(pictures)("$name shows the page as it is", async ({ name, path, ready, prepare, without }) => {
    const { page } = watched;
    const [, size = "", theme] = name.split("-");
    await page.setViewportSize(sizes[size as keyof typeof sizes]);
    await page.emulateMedia({ colorScheme: theme === "day" ? "light" : "dark" });
    await page.goto(`${stage.url}${typeof path === "string" ? path : path(stage)}`);
    await prepare?.(page, stage);
    await ready(page).waitFor();
    if (isWriting) await takePicture(page, name, without);
    // The rest of the page may still be loading.
    await expect
      .poll(() => textOf(page, without), {
        message: `The page has changed since its picture was taken: ${command}`,
      })
      .toBe(committedText(name));
  });

  test("they are small, and the guide shows each of them", () => {
    const files = readdirSync(directory);
    const names = pictures.map(({ name }) => name);
    expect(files.sort()).toEqual(names.flatMap((name) => [`${name}.txt`, `${name}.webp`]).sort());
    const bytes = files.reduce((sum, file) => sum + statSync(resolve(directory, file)).size, 0);
    expect(bytes).toBeLessThan(1_500_000);
    const guide = readFileSync(resolve(root, "docs/how-to/use-the-console.md"), "utf8");
    expect(names.filter((name) => !guide.includes(`(../images/console/${name}.webp)`))).toEqual([]);
  });
});
