import type { Page } from "playwright-core";
import { password } from "./business.ts";
import type { ConsoleStage } from "./console-stage.ts";

/** The way from a notification to a step undone and verified: how often it was clicked, and how long the machine took. */
export interface AtThree {
  clicks: number;
  machineMs: number;
}

/** The link to the alert in the notification that Slack received. */
export const linkInNotification = ({ slack, url, alert }: ConsoleStage): string => {
  const sent = JSON.stringify(slack.messages);
  const link = sent.match(new RegExp(`${url}/alerts/[\\w-]+`))?.[0];
  if (link !== `${url}/alerts/${alert}`) throw new Error(`No link to the alert in ${sent}`);
  return link;
};

/**
 * Follows the link as an admin does who was woken: alert, suspected step, phrase, undo, until the checks are shown.
 * Opening the link is the first click.
 */
export const undoFromNotification = async (page: Page, link: string): Promise<AtThree> => {
  let clicks = 1;
  const click = async (role: "link" | "button", name: string) => {
    clicks++;
    await page.getByRole(role, { name }).click();
  };
  const startMs = performance.now();
  await page.goto(link);
  const alert = page.getByText("What changed in the hour before");
  await alert.or(page.getByLabel("Email")).first().waitFor();
  if (await page.getByLabel("Email").isVisible()) {
    await page.getByLabel("Email").fill("admin@example.com");
    await page.getByLabel("Password").fill(password);
    await click("button", "Log in");
  }
  await click("link", "Step 23 was re-applied 4 min before the alert fired.");
  await page.getByText("Dry run of step 23, rolling back").waitFor();
  await page.getByLabel(/Confirm the risk/).fill("revenue loss");
  await click("button", "Undo step 23");
  await page.getByText("Step 23 is rolled back.").waitFor();
  // Verified: the checks of the move, with their evidence.
  await page.getByText("no order says that it was billed, and no record names an order").waitFor();
  return { clicks, machineMs: performance.now() - startMs };
};
