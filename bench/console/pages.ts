import type { Browser, BrowserContext, Page } from "playwright-core";

/** Cookies of a user who is logged in. */
export type Login = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** Logs an admin of the demo in. */
export const logIn = async (browser: Browser, url: string): Promise<Login> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/console`);
  await page.getByLabel("Email").fill("admin@earlybird.local");
  await page.getByLabel("Password").fill("earlybird-demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Vital signs").waitFor();
  const login = await context.storageState();
  await context.close();
  return login;
};

/** The pages that are measured, and the data that must be on the screen. */
export const pages: readonly { path: string; data: (page: Page) => Promise<unknown> }[] = [
  { path: "/", data: (page) => page.getByText("Vital signs").waitFor() },
  { path: "/alerts", data: (page) => page.getByText("Channels").waitFor() },
  { path: "/changes", data: (page) => page.getByRole("table").waitFor() },
  { path: "/changes/23", data: (page) => page.getByText("Confirm the risk").waitFor() },
  { path: "/traffic", data: (page) => page.getByRole("table").first().waitFor() },
  { path: "/ledger", data: (page) => page.getByText("Every entry is as it was written").waitFor() },
];
