import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roles } from "../../delivery/src/database.ts";
import { bundleProgram } from "../rollback/bundled-program.ts";
import { type Api, reapply, rollBack, startApi } from "../support/api.ts";
import {
  addAxe,
  axeViolations,
  colourRules,
  hasBrowser,
  launchBrowser,
  openPage,
  type WatchedPage,
} from "../support/browser.ts";
import { password } from "../support/business.ts";

describe.skipIf(!hasBrowser)("deciding in the console", { timeout: 60_000 }, () => {
  let api: Api;
  let browser: Browser;
  let url: string;
  /** One page for each user; the tests share them, so that each logs in once. */
  const pages = new Map<string, WatchedPage>();

  beforeAll(async () => {
    api = await startApi({ now: new Date().toISOString(), withFleet: true });
    await api.observed.monitoring.start();
    // A second admin with a name of her own.
    await api.pool.query(`
      insert into users (id, email, name, password_hash, role)
        select 'usr_asha', 'asha@example.com', 'Asha', password_hash, 'admin' from users where id = 'usr_admin'`);
    url = await api.app.listen({ port: 0, host: "127.0.0.1" });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await api?.observed.monitoring.stop();
    await api?.stop();
  });

  const logIn = async (page: Page, user: string) => {
    await page.getByLabel("Email").fill(`${user}@example.com`);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  };

  const open = async (path: string, user = "admin"): Promise<Page> => {
    let watched = pages.get(user);
    if (!watched) {
      watched = await openPage(browser, { width: 1440, height: 900 });
      pages.set(user, watched);
      watched.page.setDefaultTimeout(15_000);
      await addAxe(watched.page);
      await watched.page.goto(`${url}/console${path}`);
      await logIn(watched.page, user);
      await watched.page.getByRole("navigation", { name: "Main" }).first().waitFor();
    } else await watched.page.goto(`${url}/console${path}`);
    return watched.page;
  };

  /** Axe finds nothing on the page as it is; in the second theme, only colours can differ. */
  const expectAccessible = async (page: Page, state: string) => {
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    expect([state, "dark", await axeViolations(page)]).toEqual([state, "dark", []]);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    expect([state, "light", await axeViolations(page, colourRules)]).toEqual([state, "light", []]);
  };

  const stateOf = async (step: number) =>
    (await api.ask(`GET /api/rollback/steps/${step}`, { as: "admin" })).state;

  const raise = async (key: string, message: string) => {
    api.alerts.raise({ type: "CUSTOM", key, message, details: { route: "GET /api/orders" } });
    await api.alerts.settled();
    const found = api.alerts.active().find((alert) => alert.key === key);
    return String(found?.id);
  };

  /** Holds a lock that step 27 waits for. Returns a function that ends it. */
  const holdStep27 = async () => {
    const client = await api.pool.connect();
    await client.query("begin; lock table refused_confirmations in access share mode");
    return async () => {
      await client.query("rollback");
      client.release();
    };
  };

  test("from the link of an alert to undone and verified takes three clicks", async () => {
    await rollBack(api, 25);
    await reapply(api, 25);
    api.clock.set(new Date().toISOString());
    api.alerts.raise({ type: "DELIVERY_ISSUE", message: "A delivery could not be confirmed." });
    await api.alerts.settled();
    const [alert] = api.alerts.active();
    let clicks = 0;
    const click = async (locator: ReturnType<Page["getByRole"]>) => {
      await locator.first().click();
      clicks++;
    };
    const page = await open(`/alerts/${alert?.id}`);
    await page.getByText("Step 25 affects DELIVERY_ISSUE alerts.").first().waitFor();
    await expectAccessible(page, "a firing alert");
    await click(page.getByRole("link", { name: /^Step 25 was re-applied/ }));
    expect(await page.getByLabel(/Why/).inputValue()).toBe("A delivery could not be confirmed.");
    await page.getByText("Dry run of step 25, rolling back").waitFor();
    await expectAccessible(page, "a receipt");
    await click(page.getByRole("button", { name: "Undo step 25" }));
    await page.getByText("Step 25 is rolled back.").waitFor();
    // An interval that had begun before the move ended is not counted.
    const at = new Date().toISOString();
    api.clock.set(at);
    await api.ask(`GET /api/health/since?at=${at}`, { as: "operator" });
    await api.ask("GET /api/products", { as: "admin" });
    api.clock.advanceMs(6_000);
    await page.getByText(/^since .+: [1-9]\d* requests?, 0 failed/).waitFor();
    await page.getByText("Dry run of step 25, re-applying").waitFor();
    await expectAccessible(page, "a move that has ended");
    await click(page.getByRole("button", { name: "Good" }));
    await page.getByText(/Acknowledged by admin .*“Step 25 rolled back \(operation \d+\)/).waitFor();
    expect([clicks, api.alerts.active()[0]?.acknowledged?.note]).toEqual([
      3,
      expect.stringMatching(/Since then: \d+ requests?, 0 failed\.$/),
    ]);
    // The page finds the move again, and the way back.
    await page.goto(`${url}/console/changes/25`);
    await page.getByText("Step 25 is rolled back.").waitFor();
    await page.getByText("Dry run of step 25, re-applying").waitFor();
    await page.getByRole("button", { name: "Redo…" }).click();
    await page.keyboard.press("Enter");
    await page.getByText("Step 25 is re-applied.").waitFor();
    api.alerts.resolve("DELIVERY_ISSUE", "");
    await api.alerts.settled();
    await page.goto(`${url}/console/alerts/${alert?.id}`);
    await page.getByText("This alert is over since").waitFor();
    expect(await page.getByRole("button", { name: "Mute…" }).count()).toBe(0);
    await expectAccessible(page, "an alert that is over");
  });

  test("a stale plan moves nothing, and both receipts are shown with the difference", async () => {
    const page = await open("/changes/21?reason=logins");
    await page.getByText("Dry run of step 21, rolling back").waitFor();
    const undo = page.getByRole("button", { name: "Undo step 21" });
    expect(await undo.getAttribute("title")).toBe("Still missing: the phrase.");
    const phrase = page.getByLabel(/Confirm the risk/);
    expect(await phrase.getAttribute("autocomplete")).toBe("off");
    await phrase.fill("login bro");
    await page.getByText("It matches so far.").waitFor();
    await phrase.fill("login broken");
    await api.pool.query(`
      with unlinked as (update users set customer_id = null where id = 'usr_binod')
      update customers set user_id = null where id = 'cst_binod'`);
    await undo.click();
    await page.getByText("Nothing was moved: the numbers have changed since the dry run.").waitFor();
    await expect.poll(() => page.getByRole("region", { name: /dry run of step 21/i }).count()).toBe(2);
    expect(await page.getByText("changed:").count()).toBeGreaterThanOrEqual(2);
    await expectAccessible(page, "a stale plan");
    expect(await stateOf(21)).toBe("applied");
    // The form keeps its text.
    await undo.click();
    await page.getByText("Step 21 is rolled back.").waitFor();
    await reapply(api, 21);
  });

  test("a receipt that is older than a minute is stale, and can be measured again", async () => {
    const page = await open("/changes/23");
    await page.clock.install();
    await page.goto(`${url}/console/changes/23`);
    await page.getByText("Dry run of step 23, rolling back").waitFor();
    api.clock.advanceMs(70_000);
    await page.clock.fastForward(70_000);
    await page.getByText(/old, stale$/).waitFor();
    await expectAccessible(page, "an old receipt");
    await page.getByRole("button", { name: "Measure again" }).click();
    await expect.poll(() => page.getByText(/old, stale$/).count()).toBe(0);
    await pages.get("admin")?.context.close();
    pages.delete("admin");
  });

  test("an operator prepares a cascade for an admin, who sees who did, and types the phrase", async () => {
    const operator = await open("/changes/22", "operator");
    await operator.getByText("Moving a step needs an admin.").waitFor();
    await operator.getByLabel(/Undo them, too: 23, 22, in this order/).check();
    await operator.getByLabel(/Why/).fill("Orders stay PENDING.");
    await operator.getByRole("button", { name: "Undo steps 23, 22" }).click({ force: true });
    await expectAccessible(operator, "a step for an operator");
    const link = await operator.getByLabel("A link with this decision").inputValue();
    const { pathname, search } = new URL(link);

    const page = await open(pathname.replace("/console", "") + search);
    await page.getByText("operator prepared this link.").waitFor();
    expect(await page.getByLabel(/Why/).inputValue()).toBe("Orders stay PENDING.");
    // It writes rows: nothing starts unasked.
    await page.getByText(/it starts when you ask for it/).waitFor();
    const undo = page.getByRole("button", { name: "Undo steps 23, 22" });
    expect(await undo.getAttribute("title")).toBe("Still missing: a dry run and the phrase.");
    await page.getByLabel(/Undo them, too/).uncheck();
    await page.getByText("Roll back 23 first.").first().waitFor();
    await expectAccessible(page, "a blocked step");
    await page.getByLabel(/Undo them, too/).check();
    await page.getByRole("button", { name: /^Dry run/ }).click();
    await page.getByText("Dry run of steps 23, 22, rolling back").waitFor();
    await page.getByLabel(/Confirm the risk/).fill("revenue loss");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Steps 23, 22 are rolled back.").waitFor();
    await reapply(api, 22, 23);
  });

  test("of two admins, the second sees who moves the step, and how it ends", async () => {
    const first = await open("/changes/27?reason=first");
    const second = await open("/changes/27?reason=second", "asha");
    for (const page of [first, second]) {
      await page.getByText("Dry run of step 27, rolling back").waitFor();
      await page.getByLabel(/Confirm the risk/).fill("phantom deliveries");
    }
    // With a plan, the dry run would wait, and the move would not have begun.
    await first.getByLabel(/Only with the numbers/).uncheck();
    const unlock = await holdStep27();
    await first.getByRole("button", { name: "Undo step 27" }).click();
    await second.getByText("Step 27 is being rolled back.").first().waitFor();
    await second.getByText(/^admin, .*“first”$/).waitFor();
    await second.getByText("admin works: Step 27 is being rolled back.").waitFor();
    await second.getByText("Closing this page stops nothing.").waitFor();
    await expectAccessible(second, "a move that runs");
    await unlock();
    for (const page of [first, second]) {
      await page.getByText("Step 27 is rolled back.").waitFor();
      await page.getByText("Dry run of step 27, re-applying").waitFor();
    }
    const redo = (page: Page) => page.getByRole("button", { name: "Redo step 27" }).click();
    await Promise.all([redo(first), redo(second)]);
    for (const page of [first, second]) await page.getByText("Step 27 is re-applied.").waitFor();
    expect(await stateOf(27)).toBe("applied");
  });

  test("an operation whose process was killed is shown as interrupted, and resumed", async () => {
    const program = await bundleProgram(new URL("./moving-program.ts", import.meta.url));
    const unlock = await holdStep27();
    const child = spawn(process.execPath, [
      program.path,
      String(api.pool.options.connectionString),
      "28",
      "27",
    ]);
    const exited = once(child, "exit");
    await expect.poll(() => stateOf(28)).toBe("rolled_back");
    child.kill("SIGKILL");
    await exited;
    await unlock();
    await program.remove();
    const page = await open("/changes/27");
    await page
      .getByText("Steps 28, 27 were not completely rolled back: the operation was interrupted.")
      .waitFor();
    await page
      .getByText(/^Ravi, /)
      .first()
      .waitFor();
    await expectAccessible(page, "an interrupted move");
    await page.goto(`${url}/console/`);
    await page.getByRole("link", { name: /^Open operation/ }).click();
    await page.getByLabel(/Reason/).fill("go on");
    await page.getByRole("button", { name: /^Resume/ }).click();
    await page.getByText("Steps 28, 27 were rolled back.").waitFor();
    expect(await stateOf(27)).toBe("rolled_back");
    await reapply(api, 27, 28);
  });

  test("the link of a notification opens the mute, which says what it silences", async () => {
    const id = await raise("fridge", "The fridge is too warm.");
    const page = await open(`/alerts/${id}?mute=1h`, "operator");
    api.clock.set(new Date().toISOString());
    const dialog = page.getByRole("dialog", { name: "Mute this alert" });
    expect(await dialog.getByLabel("1 hour").isChecked()).toBe(true);
    await dialog.getByText("Silences 1 alert that fires now").waitFor();
    await expectAccessible(page, "the mute dialog");
    await dialog.getByLabel(/all alerts about the route/).check();
    await dialog.getByText("Still missing: the reason, because critical alerts are silenced.").waitFor();
    await dialog.getByLabel(/CUSTOM about fridge only/).check();
    await dialog.getByLabel(/until tomorrow, 08:00/).check();
    await dialog.getByLabel(/Why/).fill("The technician comes.");
    await dialog.getByRole("button", { name: /^Mute until .* 08:00$/ }).click();
    await page.getByText("“The technician comes.”").waitFor();
    expect([new URL(page.url()).search, await dialog.count()]).toEqual(["", 0]);
    expect(api.alerts.mutes()).toMatchObject([
      {
        type: "CUSTOM",
        key: "fridge",
        reason: "The technician comes.",
        until: expect.stringMatching(/T(07:59|08:00)/),
      },
    ]);
    await page.goto(`${url}/console/alerts?tab=muted`);
    await page.getByText("CUSTOM · fridge").waitFor();
    await expectAccessible(page, "the mutes");
    await page.getByRole("button", { name: "Unmute" }).click();
    await page.getByText("Nothing is muted.").waitFor();
    expect(api.alerts.mutes()).toEqual([]);
    await page.goto(`${url}/console/alerts/${id}`);
    await page.getByLabel(/Note for the others/).fill("on the way");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText(/Acknowledged by operator .*“on the way”/).waitFor();
    await page.getByRole("button", { name: "Withdraw acknowledgement" }).click();
    await page.getByRole("button", { name: "Acknowledge" }).waitFor();
    expect(api.alerts.active().find((alert) => alert.id === id)?.acknowledged).toBeNull();
    api.alerts.resolve("CUSTOM", "fridge");
  });

  test("a thousand alerts are read by pages and filtered in the address, and an unknown id says so", async () => {
    for (let n = 0; n < 1_000; n++) {
      api.alerts.raise({
        type: "CUSTOM",
        key: `k${n}`,
        message: `Number ${n}.`,
        severity: n % 4 ? "warning" : "error",
      });
      api.alerts.resolve("CUSTOM", `k${n}`);
    }
    await api.alerts.settled();
    const page = await open("/alerts?tab=history", "operator");
    const items = page.getByRole("listitem").filter({ hasText: "Number" });
    await expect.poll(() => items.count()).toBe(50);
    await page.getByRole("button", { name: "Older alerts" }).click();
    await expect.poll(() => items.count()).toBe(100);
    await expectAccessible(page, "the history of alerts");
    await page.getByLabel("Severity").selectOption("error");
    await expect.poll(() => items.filter({ hasText: "warning ·" }).count()).toBe(0);
    expect(new URL(page.url()).search).toBe("?tab=history&severity=error");
    const fromMs = performance.now();
    await page.reload();
    await expect.poll(() => items.count()).toBe(50);
    expect(performance.now() - fromMs).toBeLessThan(5_000);
    await page.goto(`${url}/console/alerts/gone`);
    await page.getByRole("heading", { name: "This alert is not known any more." }).waitFor();
    await expectAccessible(page, "an alert that is gone");
  });

  test("admins and operators log in, the other roles are refused, and nobody raises an alert", async () => {
    const { page, context } = await openPage(browser, { width: 390, height: 844 });
    await page.goto(`${url}/console`);
    for (const role of roles.filter((each) => each !== "admin" && each !== "operator")) {
      await logIn(page, role);
      await page.getByRole("alert").waitFor();
      expect(new URL(page.url()).pathname).toBe("/console/login");
      await page.reload();
    }
    await context.close();
    expect(api.alerts.active()).toEqual([]);
    const refused = [...pages.values()].flatMap(({ failures }) => failures);
    expect(refused.filter((failure) => failure.startsWith("403"))).toEqual([]);
    expect([...pages.values()].flatMap(({ errors }) => errors)).toEqual([]);
  });
});
