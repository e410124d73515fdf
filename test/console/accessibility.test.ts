import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  addAxe,
  axeViolations,
  beginSession,
  hasBrowser,
  launchBrowser,
  openPage,
  overflowOf,
  type WatchedPage,
} from "../support/browser.ts";
import { password } from "../support/business.ts";
import { type ConsoleStage, startConsoleStage } from "../support/console-stage.ts";

const desktop = { width: 1440, height: 900 };

describe.skipIf(!hasBrowser)("the console for everybody", () => {
  let stage: ConsoleStage;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([startConsoleStage(), launchBrowser()]);
    // Some rows for the table of traffic, one of them failed.
    await stage.api.send("GET /api/orders", { as: "admin" });
    await stage.api.send("GET /api/orders/ord_none", { as: "admin" });
  });
  afterAll(async () => {
    await browser.close();
    await stage.stop();
  });
  afterEach(async () => {
    await watched.context.close();
    expect(watched.errors).toEqual([]);
  });

  const open = async (path: string, { as }: { as?: string } = {}) => {
    watched = await openPage(browser, desktop);
    page = watched.page;
    await addAxe(page);
    if (as) await logIn(as);
    await page.goto(`${stage.url}${path}`);
  };

  const logIn = (as: string) => beginSession(watched.context, stage.url, stage.api.tokenOf(as));

  /** Logs in by keys alone: the email field is the first of the page. */
  const logInByKeys = async () => {
    await tabTo(page.getByLabel("Email"));
    await page.keyboard.type("admin@example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Main", exact: true }).waitFor();
  };

  const hasFocus = (target: Locator) => target.evaluate((element) => element.matches(":focus"));
  const focused = () => page.evaluate<string>("document.activeElement.textContent");

  const tabTo = async (target: Locator) => {
    await target.waitFor();
    for (let presses = 0; presses < 60; presses++) {
      if (await hasFocus(target)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`The Tab key does not reach ${target}.`);
  };

  /** By night, by day, and on a screen 320 pixels wide, which is 1280 pixels at 400 % zoom. */
  const expectAccessible = async (state: string) => {
    await page.setViewportSize(desktop);
    const night = await axeViolations(page);
    await page.evaluate(`document.documentElement.dataset.theme = "day"`);
    const day = await axeViolations(page, ["color-contrast"]);
    await page.setViewportSize({ width: 320, height: 640 });
    const small = await axeViolations(page, ["target-size"]);
    const overflow = await overflowOf(page);
    await page.setViewportSize(desktop);
    await page.evaluate(`document.documentElement.dataset.theme = "night"`);
    expect({ state, night, day, small, overflow }).toEqual({
      state,
      night: [],
      day: [],
      small: [],
      overflow: [],
    });
  };

  /** The pages, and what shows that each is complete. */
  const pages = {
    "what happens": ({ alert }: ConsoleStage): [string, Locator][] => [
      ["", page.getByRole("figure").getByRole("link", { name: /Bills of 3 customers/ })],
      ["/traffic", page.getByRole("table").first()],
      ["/system", page.getByText("Largest tables")],
      ["/alerts", page.getByText("Channels")],
      [`/alerts/${alert}`, page.getByText("Step 23 was re-applied 4 min before the alert fired.")],
    ],
    "what changes": ({ operation }: ConsoleStage): [string, Locator][] => [
      ["/changes", page.getByRole("table").first()],
      ["/changes/23", page.getByText("4 of 4 checks hold")],
      ["/ledger", page.getByText("Every entry is as it was written.")],
      [`/operations/${operation}`, page.getByText(/(\d+) of \1 checks hold/)],
      ["/settings", page.getByText("HIGH_CPU").first()],
      ["/nowhere", page.getByText("There is no such page")],
    ],
  };

  test.each(Object.entries(pages))(
    "no page about %s has a barrier, by night, by day or at 400 % zoom",
    async (_, pagesOf) => {
      await open("/nowhere", { as: "admin" });
      for (const [path, ready] of pagesOf(stage)) {
        await page.goto(`${stage.url}${path}`);
        await ready.waitFor();
        await expectAccessible(path);
      }
    },
  );

  test("a refused login has no barrier", async () => {
    await open("/login");
    await page.getByLabel("Email").fill("admin@example.com");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
    await expectAccessible("login, refused");
  });

  test("settings test a channel and keep theme and keys in the browser", async () => {
    await open("/settings", { as: "admin" });
    await page.getByRole("button", { name: "Send a test to slack" }).click();
    await page.getByText(/Delivered in [\d.]+ ms\./).waitFor();
    expect(stage.slack.messages.at(-1)?.text).toContain("test");
    stage.slack.answerWith({ status: 403, body: "invalid_token" });
    await page.getByRole("button", { name: "Send a test to slack" }).click();
    await page.getByText(/Check the settings of this channel/).waitFor();
    await expectAccessible("settings with a failed test");
    await page.getByText("set; secret, so not shown").first().waitFor();
    expect(await page.getByRole("main").textContent()).not.toContain(stage.slack.webhookUrl);
    await page.getByLabel("Day", { exact: true }).check();
    await page.getByLabel(/Single keys/).uncheck();
    // Before the first paint, so also while the script of the page is still on its way.
    const script = /\/index-[^/]+\.js$/;
    await page.route(script, () => undefined);
    await page.reload({ waitUntil: "commit" });
    await page.getByText("Loading the console").waitFor({ state: "attached" });
    expect(await page.locator("html").getAttribute("data-theme")).toBe("day");
    await page.unroute(script);
    await page.reload();
    await page.getByRole("heading", { name: "Settings", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to content");
    await page.keyboard.press("Enter");
    expect(await hasFocus(page.getByRole("main"))).toBe(true);
    await page.emulateMedia({ media: "print" });
    expect(await page.getByRole("navigation").count()).toBe(0);
    await page.emulateMedia({ media: null });
    await page.keyboard.press("?");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: /^Find/ }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(1);
  });

  test("the keyboard alone logs in and finds a step", async () => {
    await open("/");
    await logInByKeys();
    await page.getByText("Vital signs").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await expectAccessible("the list of keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.waitForURL("**/ledger");
    await expect.poll(() => focused()).toBe("Ledger");
    expect(await page.title()).toBe("Ledger · EarlyBird");
    await page.keyboard.press("/");
    expect(await hasFocus(page.getByLabel("Action"))).toBe(true);
    await page.keyboard.press("Control+k");
    const find = page.getByRole("combobox", { name: "Find" });
    await find.waitFor();
    await page.keyboard.type("chngs");
    await page.getByRole("option", { name: "Page Changes" }).waitFor();
    await find.fill("step 23");
    await page.getByRole("option", { name: /^Step Step 23/ }).waitFor();
    await expectAccessible("the palette");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    const active = await find.getAttribute("aria-activedescendant");
    expect(await page.getByRole("dialog").getByRole("option", { selected: true }).getAttribute("id")).toBe(
      active,
    );
    await page.keyboard.press("Enter");
    await page.waitForURL("**/changes/23");
  });

  test("the keyboard alone undoes a step, redoes it, and moves between steps", async () => {
    await open("/changes/23", { as: "admin" });
    await page.getByText("Dry run of step 23, rolling back").waitFor();
    await tabTo(page.getByLabel(/Why/));
    await page.keyboard.type("by keys");
    await page.keyboard.press("Tab");
    await page.keyboard.type("revenue loss");
    await tabTo(page.getByRole("button", { name: "Undo step 23" }));
    await page.keyboard.press("Enter");
    await page.getByText("Step 23 is rolled back.").waitFor();
    await page.getByText("Dry run of step 23, re-applying").waitFor();
    await expectAccessible("a step after its undo");
    await tabTo(page.getByRole("button", { name: "Redo step 23" }));
    await page.keyboard.press("Enter");
    await page.getByText("Step 23 is re-applied.").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.waitForURL("**/changes");
    await expect.poll(() => focused()).toBe("Changes");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const second = await focused();
    await page.keyboard.press("k");
    expect(await focused()).not.toBe(second);
  });

  test("on a phone the bar has five entries, and the rest is below More", async () => {
    await open("/", { as: "admin" });
    await page.getByText("Vital signs").waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    const bar = page.getByRole("navigation", { name: "Main, at the bottom" });
    expect(await bar.locator("a, button").count()).toBe(5);
    await bar.getByRole("button", { name: "More" }).click();
    const more = page.getByRole("navigation", { name: "More" });
    await more.getByRole("link", { name: "Settings" }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await more.getByRole("link", { name: "Settings" }).click();
    await page.waitForURL("**/settings");
    await more.waitFor({ state: "hidden" });
  });
});
