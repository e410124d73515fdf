import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, CDPSession } from "playwright-core";
import { printTable } from "../figures.ts";
import { type Login, pages } from "./pages.ts";

const watchMs = 20_000;

/** The share of a processor that a page uses which nobody touches. */
export const benchIdle = async (browser: Browser, url: string, login: Login): Promise<void> => {
  const rows: string[][] = [];
  for (const { path, data } of pages.filter(({ path }) => path === "/" || path === "/traffic")) {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      storageState: login,
    });
    const page = await context.newPage();
    await page.goto(`${url}/console${path}`);
    await data(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable");
    await sleep(3_000);
    const before = await busySeconds(devtools);
    await sleep(watchMs);
    const share = (100_000 * ((await busySeconds(devtools)) - before)) / watchMs;
    rows.push([`\`${path}\``, `${share.toFixed(2)} %`]);
    await context.close();
  }
  console.log(`\nMain thread of a page that is open for ${watchMs / 1_000} s. Goal: at most 1 %.\n`);
  printTable(["page", "busy"], rows);
};

/** Time that the main thread of the page has spent on tasks. */
const busySeconds = async (devtools: CDPSession): Promise<number> => {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
};
