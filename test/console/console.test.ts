import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../support/api.ts";
import {
  addAxe,
  axeViolations,
  hasBrowser,
  launchBrowser,
  openPage,
  type WatchedPage,
} from "../support/browser.ts";
import { password } from "../support/business.ts";

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

describe.skipIf(!hasBrowser)("the console in a browser", () => {
  let api: Api;
  let browser: Browser;
  let url: string;
  let watched: WatchedPage;

  beforeAll(async () => {
    api = await startApi();
    await api.observed.monitoring.start();
    url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await api.observed.monitoring.stop();
    await api.stop();
  });
  afterEach(async () => {
    await watched.context.close();
    expect(watched.errors).toEqual([]);
  });

  const open = async (size: typeof desktop, path: string, as = "admin", colorScheme?: "dark" | "light") => {
    watched = await openPage(browser, { ...size, ...(colorScheme && { colorScheme }) });
    const { page } = watched;
    await page.goto(`${url}/console${path}`);
    await page.getByLabel("Email").fill(`${as}@example.com`);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation", { name: "Main" }).first().waitFor();
    return page;
  };

  const stateOf = async (step: number) =>
    (await api.ask(`GET /api/rollback/steps/${step}`, { as: "admin" })).state;

  test.each([
    ["a desktop", desktop],
    ["a phone", phone],
  ])("on %s, a link leads through the login to a step undone and redone", async (_, size) => {
    const page = await open(size, "/changes/23?reason=wrong%20prices");
    expect(new URL(page.url()).pathname).toBe("/console/changes/23");
    await page.getByText("Dry run of step 23, rolling back").waitFor();
    const undo = page.getByRole("button", { name: "Undo step 23" });
    expect(await undo.getAttribute("aria-disabled")).toBe("true");
    await page.getByLabel(/Confirm the risk/).fill("revenue loss");
    await undo.click();
    await page.getByText("Step 23 is rolled back.").waitFor();
    expect(await stateOf(23)).toBe("rolled_back");
    await page.getByText("Dry run of step 23, re-applying").waitFor();
    await page.getByRole("button", { name: "Redo step 23" }).click();
    await page.getByText("Step 23 is re-applied.").waitFor();
    await page.getByText("no order is billed twice none found").waitFor();
    expect(await stateOf(23)).toBe("applied");
    expect(await reasonsOf(23)).toContain("wrong prices");
  });

  test("an operation is shown with its receipt, can be downloaded, and is found in the ledger", async () => {
    await rollBack(api, 25);
    await api.pool.query(`
      insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
        select max(id), 25, 'delivery_statuses', 'dlv_1', 'kept', '{"notes": "by hand"}', '{"notes": "before"}'
        from earlybird.operations`);
    await reapply(api, 25);
    const page = await open(desktop, "/ledger");
    await addAxe(page);
    await page.reload();
    await page.getByLabel("Action").selectOption("rollback");
    await page.getByLabel("Step").fill("25");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**/ledger?*step=25*");
    await expect.poll(() => page.getByRole("listitem").count()).toBe(1);
    await page.getByRole("link", { name: /^operation \d+$/ }).click();
    await page.getByRole("heading", { name: "Step 25 was rolled back." }).waitFor();
    await page.getByText(/(\d+) of \1 checks hold/).waitFor();
    await page.getByRole("row", { name: "delivery_statuses dlv_1 notes by hand before" }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download as Markdown" }).click(),
    ]);
    const text = readFileSync(await download.path(), "utf8");
    expect(text).toMatch(/^# Operation \d+\n\nStep 25 was rolled back\.\n/);
    expect(watched.failures).toEqual([]);
  });

  test("an interrupted operation offers to resume and to abort, and shows how it ends", async () => {
    await rollBack(api, 28);
    const { rows } = await api.pool.query(`
      update earlybird.operations set state = 'interrupted'
        where id = (select max(id) from earlybird.operations) returning id`);
    const page = await open(desktop, `/operations/${rows[0].id}`);
    await page.getByText("the operation was interrupted").waitFor();
    await page.getByLabel("Reason").fill("not needed");
    await page.getByRole("button", { name: /^Abort/ }).click();
    await page.getByText("the operation was aborted").waitFor();
    expect(await stateOf(28)).toBe("applied");
  });

  const reasonsOf = async (step: number): Promise<string[]> =>
    (await api.ask(`GET /api/rollback/steps/${step}`, { as: "admin" })).operations.map(
      ({ reason }: { reason: string }) => reason,
    );

  test("an operator sees what is missing, and causes neither a refusal nor an alert", async () => {
    const page = await open(desktop, "/changes/23", "operator");
    await page.getByText("Moving a step needs an admin.").waitFor();
    await page.getByText("unbilled in a year at the rate of the last 90 days").waitFor();
    await page.getByRole("button", { name: "Undo step 23" }).click({ force: true });
    for (const name of ["Now", "Alerts", "Changes"]) {
      await page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
    }
    expect(watched.failures).toEqual([]);
    expect(api.alerts.active()).toEqual([]);
    expect(await stateOf(23)).toBe("applied");
  });

  test("a user who logs out must log in again", async () => {
    const page = await open(desktop, "/changes");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await page.goto(`${url}/console/changes`);
    await page.getByRole("button", { name: "Log in" }).waitFor();
    expect(await watched.context.cookies()).toEqual([]);
    expect(watched.failures).toEqual([]);
  });

  test("an address without a page, and a step that does not exist, say so", async () => {
    const page = await open(desktop, "");
    await page.goto(`${url}/console/nowhere`);
    await page.getByText("There is no such page").waitFor();
    await page.goto(`${url}/console/changes/99`);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
  });

  test("an alert leads to the step that moved before it, with the alert as the reason", async () => {
    await rollBack(api, 25);
    await api.pool.query(`
      update earlybird.operations set started_at = '2026-03-10T05:56Z', finished_at = '2026-03-10T05:56Z'
        where id = (select max(id) from earlybird.operations)`);
    api.alerts.raise({ type: "DELIVERY_ISSUE", message: "A delivery could not be confirmed." });
    await expect.poll(() => api.alerts.active()).toHaveLength(1);
    const page = await open(desktop, `/alerts/${api.alerts.active()[0]?.id}`);
    await page.getByText("Step 25 affects DELIVERY_ISSUE alerts.").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download incident report" }).click(),
    ]);
    const report = readFileSync(await download.path(), "utf8");
    expect(report).toMatch(/^# Incident report: EarlyBird\n\nFrom 2026-03-10 05:30:00 UTC to /);
    expect(report).toContain("- Step 25 was rolled back 4 min before the alert fired. Step 25 affects");
    await page.getByRole("link", { name: "Step 25 was rolled back 4 min before the alert fired." }).click();
    await page.getByRole("heading", { name: "Each confirmation records" }).waitFor();
    expect(await page.getByLabel(/Why/).inputValue()).toBe("A delivery could not be confirmed.");
    await reapply(api, 25);
  });
});
