import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readSettings } from "../../ops/src/settings/settings.ts";
import { settingsReport } from "../../ops/src/settings/settings-report.ts";
import { type Api, startApi } from "../support/api.ts";
import {
  addAxe,
  axeViolations,
  beginSession,
  colourRules,
  hasBrowser,
  launchBrowser,
  openPage,
  type WatchedPage,
} from "../support/browser.ts";
import { failingRoute, recordHistory } from "../support/console-history.ts";

const routes = 100;
const desktop = { width: 1_440, height: 900 };
const phone = { width: 390, height: 844 };
/** By how many pixels the page is wider than the window. */
const sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const failing = `${failingRoute.method} ${failingRoute.route}`;

describe.skipIf(!hasBrowser)("the charts of the console", () => {
  let api: Api;
  let browser: Browser;
  let url: string;
  let operations: string[];
  let watched: WatchedPage;
  let page: Page;
  let asked: string[];

  beforeAll(async () => {
    const settings = settingsReport(readSettings({}, "/nowhere/.env"));
    api = await startApi({ withFleet: true, settings });
    await api.observed.monitoring.start();
    operations = await recordHistory(api, { routes });
    api.clock.stepMs(-12 * 60_000);
    api.alerts.raise({ type: "DELIVERY_ISSUE", message: "A confirmation failed." });
    await api.alerts.settled();
    // The pages go by the server's clock, and show a minute once every instance has written it.
    api.clock.stepMs(12 * 60_000);
    api.clock.advanceMs(20_000);
    url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    browser = await launchBrowser();
    watched = await openPage(browser, desktop);
    page = watched.page;
    await page.clock.setFixedTime(api.clock.now());
    await beginSession(watched.context, url, api.tokenOf("admin"));
    page.on("request", (request) => asked.push(decodeURIComponent(new URL(request.url()).pathname)));
  });
  afterAll(async () => {
    // Violations of the content security policy are errors of the browser, too.
    const { errors, failures } = watched;
    await browser.close();
    await api.observed.monitoring.stop();
    await api.stop();
    expect([errors, failures]).toEqual([[], []]);
  });
  beforeEach(() => {
    asked = [];
  });

  const visit = (path: string) => page.goto(`${url}/console${path}`);
  const traffic = (search: Record<string, string>) => `/traffic?${new URLSearchParams(search)}`;
  const searchOf = () => Object.fromEntries(new URL(page.url()).searchParams);
  const chart = (title: string) => page.getByRole("figure").filter({ hasText: title });
  const rowsOf = async (figure: Locator): Promise<string[][]> => {
    const summary = figure.getByText("Data as a table");
    if ((await figure.locator("details[open]").count()) === 0) await summary.click();
    return figure
      .locator("table")
      .last()
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.map((row) => {
          const { cells } = row as unknown as { cells: Iterable<{ textContent: string }> };
          return [...cells].map(({ textContent }) => textContent);
        }),
      );
  };

  test("the horizon says in words and in a table what it shows, and a mark leads to its operation", async () => {
    await visit("");
    const horizon = page.getByRole("img", { name: "Requests of the last 12 hours" });
    await expect.poll(() => horizon.locator("desc").textContent()).toContain("96 failed.");
    expect(await horizon.locator("desc").textContent()).toMatch(
      /Step 26 was rolled back from 02:54 to 05:27\..* fired from 05:48/,
    );
    await page.getByText("Recorded since 9 Mar 19:00").waitFor();
    const { series } = await api.ask(
      "GET /api/health/series?metrics=requests,errors&from=2026-03-09T18:00:00Z&to=2026-03-10T06:00:00Z&points=720",
      { as: "admin" },
    );
    const rows = await rowsOf(page.getByRole("figure"));
    const text = (value: number | null) => (value === null ? "none" : String(value));
    expect(rows.map(([, requests]) => requests)).toEqual(series.requests.map(text));
    expect(rows.map(([, , errors]) => errors)).toEqual(series.errors.map(text));
    expect(rows.at(-1)?.[0]).toBe("05:59");
    await page
      .getByRole("figure")
      .getByRole("link", { name: /^26 rolled back 02:54/ })
      .click();
    await page.waitForURL(`**/operations/${operations[0]}`);
  });

  test("a hundred routes come in one request, can be sorted, and lead to their charts", async () => {
    await visit(traffic({ range: "6h" }));
    const table = page.getByRole("region", { name: "Routes" });
    await expect.poll(() => table.locator("tbody tr").count()).toBe(routes + 2);
    expect(await table.locator("tbody svg").count()).toBe(routes + 2);
    expect(asked.filter((path) => path === "/api/health/routes")).toHaveLength(1);
    expect(asked.filter((path) => path === "/api/health/series")).toHaveLength(1);
    await table.getByRole("link", { name: "Failed" }).click();
    await page.waitForURL(/sort=errors/);
    expect(await table.locator("tbody tr").first().textContent()).toContain(failing);
    expect(await table.locator("[aria-sort]").getAttribute("aria-sort")).toBe("descending");
    await table.getByRole("link", { name: "Failed" }).click();
    await page.waitForURL(/order=reversed/);
    expect(await table.locator("tbody tr").last().textContent()).toContain(failing);
    await table.getByRole("link", { name: failing }).click();
    await page.getByRole("heading", { name: failing }).waitFor();
    await page.getByRole("row", { name: "EB_QUANTITY 500 step 26 90 06:00" }).waitFor();
    await page.getByRole("row", { name: "5xx, failed here 96 3.2 %" }).waitFor();
    expect(searchOf()).toEqual({ range: "6h", sort: "errors", order: "reversed", route: failing });
    await chart("Duration").getByRole("link", { name: "05:27 Step 26 was re-applied." }).click();
    await page.waitForURL(`**/operations/${operations[1]}`);
  });

  test("dragging over a chart zooms, the buttons do without a mouse, and the table has what the chart shows", async () => {
    await visit(traffic({ range: "6h", route: failing }));
    const plot = chart("Duration").locator(".u-over");
    await plot.waitFor();
    const before = await rowsOf(chart("Duration"));
    const box = await plot.boundingBox();
    if (!box) throw new Error("the chart has no size");
    const at = (share: number) => box.x + box.width * share;
    await page.mouse.move(at(0.999), box.y + 50);
    const legend = chart("Duration").locator("figcaption");
    await expect.poll(() => legend.textContent()).toContain(`p99 ${before.at(-1)?.[3]}`);
    await page.mouse.move(at(0.5), box.y + 50);
    await page.mouse.down();
    await page.mouse.move(at(0.75), box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/range=2026-03-10T03/);
    expect(searchOf().range).toMatch(/^2026-03-10T03:0\dZ\/2026-03-10T04:3\dZ$/);
    await expect.poll(async () => (await rowsOf(chart("Duration")))[0]?.[0]).toMatch(/^03:0/);
    const [from, to] = (searchOf().range ?? "").split("/").map((time) => new Date(time).toISOString());
    const query = new URLSearchParams({
      ...{ metrics: "p50_ms,p99_ms", from: from ?? "", to: to ?? "", points: "240" },
      ...failingRoute,
    });
    const { series } = await api.ask(`GET /api/health/series?${query}`, { as: "admin" });
    const ms = (value: number) => `${Math.round(value * 10) / 10} ms`;
    const rows = await rowsOf(chart("Duration"));
    expect(rows.map(([, p50]) => p50)).toEqual(series.p50_ms.map(ms));
    expect(rows.map(([, , , p99]) => p99)).toEqual(series.p99_ms.map(ms));
    await page.getByRole("button", { name: "Zoom out" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/range=2026-03-10T02/);
    await page.getByRole("navigation", { name: "Period" }).getByRole("link", { name: "24 h" }).click();
    await page.waitForURL(/range=24h/);
  });

  test("a route without traffic and a range that means nothing get a sentence, and the page stays", async () => {
    await visit(traffic({ range: "6h", route: "GET /nowhere" }));
    await page.getByText("No request to GET /nowhere was recorded in this period.").waitFor();
    await visit(traffic({ range: "2026-03-10T05:00Z/2026-03-10T04:00Z" }));
    await page.getByText("The range ends before it begins. Showing the last 1 h.").waitFor();
    await chart("Duration").locator("canvas").waitFor();
    await visit("/system?range=15");
    await page.getByText("“15” is not a range. Showing the last 6 h.").waitFor();
    await page.getByRole("img", { name: "CPU, alert over 80 %." }).waitFor();
  });

  test("axe finds nothing at night on a desktop or by day on a phone, and no page scrolls sideways", async () => {
    await addAxe(page);
    for (const [path, ready] of [
      ["", "Vital signs"],
      // Two routes: a hundred rows take axe long, and are all alike.
      [traffic({ range: "2026-03-10T02:00Z/2026-03-10T04:00Z" }), failing],
      [traffic({ range: "6h", route: failing }), "EB_QUANTITY"],
      ["/system", "Longest"],
    ] as const) {
      await page.setViewportSize(desktop);
      await page.emulateMedia({ colorScheme: "dark" });
      await visit(path);
      await page.getByText(ready).first().waitFor();
      if (path !== "") await page.locator("canvas").first().waitFor();
      if (path === "/system") await page.getByText("Data as a table").first().click();
      const night = await axeViolations(page);
      await page.setViewportSize(phone);
      await page.emulateMedia({ colorScheme: "light" });
      // The charts follow the width.
      await expect.poll(() => page.evaluate(sideways)).toBe(0);
      const day = await axeViolations(page, [...colourRules, "target-size"]);
      expect({ path, night, day }).toEqual({ path, night: [], day: [] });
    }
  });
});
