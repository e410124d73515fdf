import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { hasBrowser, launchBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { password } from "../support/business.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../support/throwaway.ts";

const desktop = { width: 1280, height: 800 };

describe.skipIf(!hasBrowser)("the console when something fails", () => {
  let postgres: ThrowawayPostgres;
  let api: Api;
  let browser: Browser;
  let url: string;
  let watched: WatchedPage;

  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
    api = await startApi({ url: postgres.url });
    await api.observed.monitoring.start();
    await api.app.listen({ port: 0, host: "127.0.0.1" });
    url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/console`;
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await api?.observed.monitoring.stop();
    await api?.stop();
    await postgres?.remove();
  });
  afterEach(async () => {
    await watched.context.close();
    expect(watched.errors).toEqual([]);
  });

  const open = async (path = "") => {
    watched = await openPage(browser, desktop);
    const { page } = watched;
    page.setDefaultTimeout(10_000);
    await page.goto(`${url}${path}`);
    await page.getByLabel("Email").fill("admin@example.com");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("banner").getByText("live", { exact: true }).waitFor();
    return page;
  };
  const goTo = (page: Page, name: string) =>
    page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name }).click();

  test("pages never turn blank: unknown addresses and ids, odd parameters", async () => {
    const page = await open("/ledger?step=x&action=%22%22&operator=7");
    await page.getByRole("heading", { name: "Ledger" }).waitFor();
    expect(new URL(page.url()).search).toBe("?operator=%227%22");
    for (const [path, text] of [
      ["/nowhere", "There is no such page"],
      ["/changes/99", "Not found"],
      ["/changes/abc", "This page could not be loaded"],
      ["/operations/999999", "Not found"],
      ["/alerts/none", "Not found"],
      ["/traffic?sort=%7B%22a%22%3A1%7D&route=%", "Traffic"],
      ["/changes/23?reason=5&to=[]", "billed"],
    ] as const) {
      await page.goto(`${url}${path}`);
      const heading = page.getByRole("heading", { level: 1 });
      await expect.poll(() => heading.textContent(), { message: path }).toContain(text);
    }
  });

  test("an error of a page's code is shown in its place, and the navigation remains", async () => {
    const page = await open();
    await page.route("**/api/rollback/steps", (route) => route.fulfill({ json: { steps: [{ step: 19 }] } }));
    await page.goto(`${url}/changes`);
    await page.getByRole("heading", { name: "This page cannot be shown" }).waitFor();
    await page.getByText(/TypeError/).waitFor();
    await page.unroute("**/api/rollback/steps");
    await page.reload();
    await page.getByRole("table").waitFor();
    expect(watched.errors.splice(0).join()).toContain("TypeError");
  });

  test("with the database away, pages keep their data and name what is missing, until it is back", async () => {
    const page = await open();
    await page.getByText("Vital signs").waitFor();
    await postgres.stop();
    await page.getByText("no answer").first().waitFor();
    expect(await page.getByRole("heading", { name: "Firing" }).count()).toBe(1);
    await page.getByRole("banner").getByText("live", { exact: true }).waitFor();
    await goTo(page, "Ledger");
    await page.getByText("npx earlybird health").waitFor();

    const stranger = await openPage(browser, desktop);
    await stranger.page.goto(url);
    await stranger.page.getByText("the database does not answer").waitFor();
    await stranger.page.getByText("npx earlybird status").waitFor();
    await stranger.page.getByLabel("Email").fill("admin@example.com");
    await stranger.page.getByLabel("Password").fill(password);
    await stranger.page.getByRole("button", { name: "Log in" }).click();
    await stranger.page.getByRole("alert").waitFor();
    expect(stranger.errors).toEqual([]);
    await stranger.context.close();

    await postgres.start();
    await page.getByText("Every entry is as it was written.").waitFor({ timeout: 20_000 });
    expect(watched.failures.filter((failure) => !failure.startsWith("503"))).toEqual([]);
    expect(api.alerts.active().map(({ type }) => type)).not.toContain("SECURITY_ALERT");
  });
});
