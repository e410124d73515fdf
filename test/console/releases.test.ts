import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newCommands } from "../../ops/src/deployment/release/inbox.ts";
import { takeLease } from "../../ops/src/deployment/release/lease.ts";
import { type Api, startApi } from "../support/api.ts";
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
import type { ReleaseOnDisk } from "../support/release-on-disk.ts";
import { preflightWith, writeReleaseStory } from "../support/release-story.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const desktop = { width: 1440, height: 900 };

describe.skipIf(!hasBrowser)("releases in the console", () => {
  let api: Api;
  let browser: Browser;
  let url: string;
  let dataDir: string;
  let release: ReleaseOnDisk;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    dataDir = await makeTemporaryDirectory();
    api = await startApi({ dataDir });
    await api.observed.monitoring.start();
    url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await api.observed.monitoring.stop();
    await api.stop();
    await release?.close();
  });
  afterEach(async () => {
    await watched.context.close();
    expect(watched.errors).toEqual([]);
  });

  const open = async (path: string, as = "admin") => {
    watched = await openPage(browser, desktop);
    page = watched.page;
    await addAxe(page);
    await beginSession(watched.context, url, api.tokenOf(as));
    await page.goto(`${url}/console${path}`);
    await page.getByRole("banner").getByText("live", { exact: true }).waitFor();
  };
  const heading = (name: string | RegExp) => page.getByRole("heading", { level: 1, name });
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const dialog = (name: string) => page.getByRole("dialog", { name });

  /** By night, by day, and on a screen 320 pixels wide. */
  const expectAccessible = async () => {
    expect(await axeViolations(page)).toEqual([]);
    await page.evaluate(`document.documentElement.dataset.theme = "day"`);
    expect(await axeViolations(page, ["color-contrast"])).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await axeViolations(page, ["target-size"])).toEqual([]);
    expect(await overflowOf(page)).toEqual([]);
    await page.setViewportSize(desktop);
    await page.evaluate(`document.documentElement.dataset.theme = "night"`);
  };

  test("without a release, the page says what runs and how to start one, then shows the first", async () => {
    await open("/");
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL("**/releases");
    await page.getByText("Version 0.0.0 serves all clients.").waitFor();
    await page.getByText("npx earlybird release start --artefact FILE.tgz --reason TEXT").waitFor();
    await expectAccessible();
    release = await writeReleaseStory(dataDir, api.clock);
    await page.getByRole("link", { name: "Version 1.4.0 to 2.0.0" }).click();
    await heading("Version 2.0.0 has 10 % of the clients.").waitFor();
  });

  test("a release shows its phases, what its parts found, and changes as they happen", async () => {
    await open(`/releases/${release.id}`);
    const phases = page.getByRole("list", { name: "Phases" });
    expect(await phases.locator("[aria-current=step]").textContent()).toContain("10 %");
    await page.getByRole("row", { name: "With failures 7 (0.2 %) 1 (0.2 %)" }).waitFor();
    await page.getByText("Observed for 4 min of 15 min.").waitFor();
    const checks = page.getByRole("region", { name: /^Preflight: / });
    await expect.poll(() => checks.count()).toBe(5);
    expect(await checks.first().getAttribute("aria-label")).toBe("Preflight: performance");
    await page.getByText("Waived by Ravi: “audited by the build this morning”").waitFor();
    await page.getByText("No process conducts it.").waitFor();
    await expectAccessible();
    const backup = { verdict: "no_go", evidence: "The last restored backup is 31 h old." } as const;
    const audit = { verdict: "unknown", evidence: "The registry does not answer." } as const;
    await release.write("preflight.json", preflightWith({ 16: backup, 27: audit }, api.clock));
    await page.getByText("NO-GO: 36 GO, 1 NO-GO, 1 UNKNOWN, 0 waived").waitFor();
    const names = await checks.evaluateAll((all) => all.map((each) => each.querySelector("h3")?.textContent));
    expect(names).toEqual(["data", "security", "system", "performance", "team"]);
    const at = release.at();
    const accepted = { by: "Meera", reason: "no front counts here", at };
    const check = { name: "lost requests", verdict: "SUCCESS", evidence: "Nothing counts them.", at };
    const phase = { began_at: at, at, commands: 0 };
    await release.write("validation.json", [
      { ...phase, phase: "alive", verdict: "SUCCESS", ended: true, checks: [{ ...check, accepted }] },
      { ...phase, phase: "performance", verdict: "UNKNOWN", ended: false, checks: [] },
    ]);
    await page
      .getByRole("region", { name: "Validation: alive" })
      .getByText("Accepted by Meera: “no front counts here”")
      .waitFor();
    await release.enter("held", "The deadline of 120 min has passed.");
    await heading("The release of version 2.0.0 is held at 10 %.").waitFor();
    await page.getByText("The deadline of 120 min has passed.").first().waitFor();
    await expectAccessible();
    expect(watched.failures).toEqual([]);
  });

  test("a held release leads the front page, and its mark is in the charts", async () => {
    await open("/");
    await page.getByText("Release held for").waitFor();
    await page
      .getByRole("link", { name: /Release \S+ of version 2.0.0 started/ })
      .first()
      .waitFor();
    await page.getByRole("link", { name: "Open the release" }).click();
    await heading("The release of version 2.0.0 is held at 10 %.").waitFor();
  });

  test("an admin continues a release and rolls it back, with a reason, also by keys alone", async () => {
    const lease = await takeLease(release.directory, api.clock);
    await open(`/releases/${release.id}`);
    expect(await button("Hold").getAttribute("aria-disabled")).toBe("true");
    await button("Go on").click();
    await dialog("Continue the release").getByText("Still missing: the reason.").waitFor();
    await dialog("Continue the release").getByRole("button", { name: "Go on" }).click({ force: true });
    await dialog("Continue the release").getByLabel(/Why/).fill("looked at it");
    await dialog("Continue the release").getByRole("button", { name: "Go on" }).click();
    await page.getByText("The release obeys within a second").waitFor();
    await page.keyboard.press("Escape");
    // Commands are in the order of their times.
    api.clock.advanceMs(1);
    await button("Roll back now").focus();
    await page.keyboard.press("Enter");
    await dialog("Roll back now").waitFor();
    await expectAccessible();
    await page.keyboard.type("prices look odd");
    await page.keyboard.press("Enter");
    await page.getByText("The release obeys within a second").waitFor();
    const commands = await newCommands(release.directory, new Set());
    expect(commands.map(({ command, by, reason }) => [command, by, reason])).toEqual([
      ["advance", expect.any(String), "looked at it"],
      ["revert", commands[0]?.by, "prices look odd"],
    ]);
    if ("release" in lease) await lease.release();
    expect(watched.failures).toEqual([]);
  });

  test("data that is no longer renewed disables no rollback", async () => {
    await open(`/releases/${release.id}`);
    await button("Roll back now").waitFor();
    await page.clock.install();
    await page.context().setOffline(true);
    await page.clock.fastForward(30_000);
    await page.getByText("offline", { exact: true }).waitFor();
    await expect.poll(() => button("Go on").getAttribute("aria-disabled")).toBe("true");
    expect(await button("Roll back now").getAttribute("aria-disabled")).toBeNull();
    await button("Roll back now").click();
    await dialog("Roll back now").getByLabel(/Why/).fill("odd");
    await dialog("Roll back now").getByRole("button", { name: "Roll back now" }).click();
    await dialog("Roll back now").getByText("The server cannot be reached.").waitFor();
    await page.context().setOffline(false);
  });

  test("an operator sees everything, and no command", async () => {
    await open(`/releases/${release.id}`, "operator");
    await page.getByText("Telling a release what to do needs an admin.").waitFor();
    for (const name of ["Roll back now", "Hold", "Go on", "Accept", "Acknowledge"])
      expect(await button(name).count()).toBe(0);
    await expectAccessible();
    expect(watched.failures).toEqual([]);
  });

  test("a release that its trigger takes back leads before an alert, until it is over", async () => {
    api.alerts.raise({ type: "CUSTOM", key: "oven", message: "The oven is cold." });
    await release.enter("reverting", "5 % of the clients of green failed");
    await open("/");
    await page.getByText("Release rolled back by its trigger for").waitFor();
    await page.getByRole("link", { name: "Open the release" }).click();
    await heading("The service is going back to version 1.4.0.").waitFor();
    expect(await button("Roll back now").count()).toBe(0);
    await release.act("traffic 10 %", "green 0 %, blue 100 %", { direction: "undo", ms: 8 });
    await page.getByText("Version 1.4.0 serves all clients.").waitFor();
    await release.enter("reverted", "5 % of the clients of green failed");
    await heading("The service is back on version 1.4.0.").waitFor();
    await expectAccessible();
  });
});
