import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import {
  beginSession,
  hasBrowser,
  launchBrowser,
  openPage,
  type WatchedPage,
  watchPage,
} from "../support/browser.ts";
import { password } from "../support/business.ts";
import { freePort } from "../support/free-port.ts";
import { startStrippingProxy } from "../support/stripping-proxy.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

const desktop = { width: 1280, height: 800 };
const twentyMinutesMs = 20 * 60_000;

describe.skipIf(!hasBrowser)("the console on the live stream", () => {
  let api: Api;
  let next: Api;
  let browser: Browser;
  let proxy: TcpProxy;
  let url: string;
  const watched: WatchedPage[] = [];
  /** Requests of the live stream that are open. */
  const streams = new Set<IncomingMessage>();
  let begun = 0;

  const portOf = ({ app }: Api) => (app.server.address() as AddressInfo).port;

  beforeAll(async () => {
    api = await startApi();
    next = await startApi({ beside: api, version: "0.1.0" });
    for (const { app, observed } of [api, next]) {
      await observed.monitoring.start();
      app.server.on("request", (request: IncomingMessage) => {
        if (request.url !== "/api/live") return;
        begun++;
        streams.add(request);
        request.socket.once("close", () => streams.delete(request));
        request.once("close", () => streams.delete(request));
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
    }
    proxy = await startTcpProxy(portOf(api));
    url = `http://127.0.0.1:${proxy.port}`;
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    for (const { observed, stop } of [next, api]) {
      await observed.monitoring.stop();
      await stop();
    }
  });
  afterEach(async () => {
    for (const { context } of watched) await context.close();
    const errors = watched.flatMap(({ errors }) => errors);
    watched.length = 0;
    await expect.poll(() => streams.size).toBe(0);
    for (const { key } of api.alerts.active()) api.alerts.resolve("CUSTOM", key);
    expect(errors).toEqual([]);
  });

  const logIn = async (page: Page) => {
    await page.getByLabel("Email").fill("admin@example.com");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  };
  const isLive = (page: Page) => page.getByRole("banner").getByText("live", { exact: true }).waitFor();
  const raise = (key: string, message: string) => api.alerts.raise({ type: "CUSTOM", key, message });

  const open = async (path = "") => {
    const first = await openPage(browser, desktop);
    watched.push(first);
    await beginSession(first.context, url, api.tokenOf("admin"));
    await first.page.goto(`${url}/console${path}`);
    await isLive(first.page);
    return first;
  };
  const openByLogin = async (path = "", base = url) => {
    const first = await openPage(browser, desktop);
    watched.push(first);
    await first.page.goto(`${base}/console${path}`);
    await logIn(first.page);
    await isLive(first.page);
    return first;
  };
  const openTab = async (context: BrowserContext, path = "") => {
    const tab = watchPage(await context.newPage());
    watched.push(tab);
    await tab.page.goto(`${url}/console${path}`);
    return tab.page;
  };

  test("eight tabs share one stream, and another one takes it over when its tab is closed", async () => {
    const { page: leader, context } = await open("/alerts");
    const tabs = await Promise.all(Array.from({ length: 7 }, () => openTab(context, "/alerts")));
    for (const tab of tabs) await isLive(tab);
    expect(streams.size).toBe(1);
    const before = begun;
    raise("oven", "The oven is cold.");
    for (const tab of tabs) await tab.getByText("The oven is cold.").first().waitFor();
    await leader.close();
    raise("mixer", "The mixer is loud.");
    for (const tab of tabs) await tab.getByText("The mixer is loud.").first().waitFor();
    expect([streams.size, begun - before]).toEqual([1, 1]);
    const [{ headers }] = [...streams] as [IncomingMessage];
    expect(headers["last-event-id"]).toMatch(/^\w+-\d+$/);
    api.alerts.resolve("CUSTOM", "oven");
    for (const tab of tabs) await tab.getByText("The oven is cold.").first().waitFor({ state: "detached" });
  });

  test("a cut stream is named, disables actions, and resumes with what was missed", async () => {
    raise("fridge", "The fridge is warm.");
    const { page } = await open("/alerts");
    await page.getByRole("link", { name: "The fridge is warm." }).click();
    const acknowledge = page.getByRole("button", { name: "Acknowledge", exact: true });
    await acknowledge.waitFor();
    // Ages are by the server's clock, which is months behind the browser's.
    await page.getByText(/, firing for \d s$/).waitFor();
    proxy.switchTo(await freePort());
    await page.getByText("offline", { exact: true }).waitFor();
    await expect.poll(() => acknowledge.getAttribute("aria-disabled")).toBe("true");
    expect(await acknowledge.getAttribute("title")).toBe("Offline: the server cannot be reached.");
    raise("mixer", "The mixer is loud.");
    proxy.switchTo(portOf(api));
    await isLive(page);
    await expect.poll(() => acknowledge.getAttribute("aria-disabled")).toBe(null);
    await page.getByRole("navigation", { name: "Main", exact: true }).getByText("2").waitFor();
  });

  test("data that is no longer renewed is called stale, with its age", async () => {
    const { page } = await open();
    await page.clock.install();
    await page.reload();
    await isLive(page);
    proxy.freeze();
    await page.clock.fastForward(12_000);
    await page.getByText("stale", { exact: true }).waitFor();
    await page.getByText(/^1[2-4] s old$/).waitFor();
    expect(await page.locator("html").getAttribute("data-age")).toBe("old");
    proxy.thaw();
    await isLive(page);
    expect(await page.locator("html").getAttribute("data-age")).toBe("new");
  });

  test("an expired token is refused once in all tabs, which stop and come back after a login", async () => {
    const { page, context } = await openByLogin("/changes");
    await context.clock.install();
    await page.reload();
    const other = await openTab(context, "/alerts");
    for (const tab of [page, other]) await isLive(tab);
    // The token expires with this request, and not with one that the pages send by themselves.
    await page.route(
      "**/api/rollback/audit?*",
      (route) => {
        api.clock.advanceMs(twentyMinutesMs);
        return route.continue();
      },
      { times: 1 },
    );
    let asked = 0;
    const link = (name: string) =>
      page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name });
    await link("Ledger").click();
    for (const tab of [page, other]) {
      await tab.getByRole("button", { name: "Log in" }).waitFor();
      tab.on("request", (request) => {
        if (/\/api\//.test(request.url())) asked++;
      });
    }
    await expect.poll(() => streams.size).toBe(0);
    const failures = () => watched.flatMap(({ failures }) => failures);
    expect(failures().map((failure) => failure.slice(0, 3))).toEqual(["401"]);
    await page.bringToFront();
    await page.evaluate("dispatchEvent(new Event('focus'))");
    // What timers send within a minute is sent before the last request.
    await context.clock.fastForward(60_000);
    await page.evaluate("fetch('favicon.ico').then(() => undefined)");
    expect(asked).toBe(0);
    await logIn(page);
    await page.getByRole("heading", { name: "Ledger" }).waitFor();
    await other.getByRole("heading", { name: "No alert fires." }).waitFor();
    for (const tab of [page, other]) await isLive(tab);
    expect([streams.size, failures().length, api.alerts.active()]).toEqual([1, 1, []]);
  });

  test("a user who logs out in one tab is logged out in all, without a refusal", async () => {
    const { page, context } = await openByLogin();
    const other = await openTab(context, "/traffic");
    await isLive(other);
    await page.getByRole("button", { name: "Log out" }).first().click();
    for (const tab of [page, other]) await tab.getByRole("button", { name: "Log in" }).waitFor();
    expect(new URL(other.url()).searchParams.get("to")).toBe("/traffic");
    expect(watched.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test("a restarted server of another version is offered, and a script that is gone leaves no blank page", async () => {
    const { page } = await open("/changes/23");
    const reason = page.getByLabel(/Why/);
    await reason.fill("wrong prices");
    await page.evaluate(() => Object.assign(globalThis, { isTheSamePage: true }));
    await page.route("**/assets/ledger-*.js", (route) => route.fulfill({ status: 404 }));
    proxy.switchTo(portOf(next));
    await page.getByText("A new version is running.").waitFor();
    await isLive(page);
    expect(await reason.inputValue()).toBe("wrong prices");
    await page
      .getByRole("navigation", { name: "Main", exact: true })
      .getByRole("link", { name: "Ledger" })
      .click();
    await page.getByRole("heading", { name: "This page cannot be shown" }).waitFor();
    expect(await page.evaluate(() => "isTheSamePage" in globalThis)).toBe(true);
    await page.unroute("**/assets/ledger-*.js");
    await page.getByRole("button", { name: "Reload" }).first().click();
    await page.getByRole("heading", { name: "Ledger" }).waitFor();
    expect(await page.getByText("A new version is running.").count()).toBe(0);
    expect(watched[0]?.errors.splice(0).every((error) => /ledger-|undefined/.test(error))).toBe(true);
    proxy.switchTo(portOf(api));
    await isLive(page);
  });

  test("behind a proxy that removes a prefix, everything works, and no policy is violated", async () => {
    const stripping = await startStrippingProxy("/ops/earlybird", portOf(api));
    try {
      const { page, failures } = await openByLogin("/changes/23?reason=test", stripping.url);
      await page.getByText("Dry run of step 23, rolling back").waitFor();
      const main = page.getByRole("navigation", { name: "Main", exact: true });
      for (const name of ["Now", "Traffic", "System", "Alerts", "Changes", "Ledger"]) {
        await main.getByRole("link", { name }).click();
        const heading = { level: 1, name: name === "Alerts" ? "No alert fires." : name };
        await page.getByRole("heading", heading).waitFor({ state: "attached" });
      }
      await page.reload();
      await isLive(page);
      expect(new URL(page.url()).pathname).toBe("/ops/earlybird/console/ledger");
      await page.getByRole("button", { name: "Log out" }).first().click();
      await page.getByRole("button", { name: "Log in" }).waitFor();
      expect([stripping.missed.filter((path) => path !== "/favicon.ico"), failures]).toEqual([[], []]);
    } finally {
      await stripping.close();
    }
  });
});
