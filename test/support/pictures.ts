import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

/** How to take the pictures anew. */
export const command = "npm run docs:pictures";

/** Whether the pictures are written instead of compared. */
export const isWriting = process.env.DOCS_PICTURES === "write";

export const directory = fileURLToPath(new URL("../../docs/images/console/", import.meta.url));

export const pictureFile = (name: string): string => `${directory}${name}.webp`;
const textFile = (name: string): string => `${directory}${name}.txt`;

/**
 * The text of a page as a screen reader gets it, without what differs between two runs: numbers with their units, times,
 * ids, hashes and the name of the machine.
 *
 * @param without leaves out lines that differ in more than that
 */
export const textOf = async (page: Page, without?: RegExp): Promise<string> => {
  const lines = (await page.locator("body").ariaSnapshot()).split("\n");
  const text = lines.filter((line) => !without?.test(line)).join("\n");
  return `${text
    .replaceAll(new RegExp(`\\b${hostname()}(?= \\()`, "g"), "host")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "#")
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/g, "#")
    .replaceAll(/\b[0-9a-f]{4}( [0-9a-f]{4}){2,}\b/g, "#")
    .replaceAll(/\d[\d.,:]*/g, "#")
    .replaceAll(/# (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)( #)?/g, "#")
    .replaceAll(/#( (ms|s|min|h|days|[kMG]B))\b/g, "#")
    .replaceAll(/#(,? #)+/g, "#")}\n`;
};

/** The text at the time of the picture; undefined without a picture. */
export const committedText = (name: string): string | undefined =>
  existsSync(textFile(name)) && existsSync(pictureFile(name))
    ? readFileSync(textFile(name), "utf8")
    : undefined;

/** Writes the picture of what the window shows, and the text of the page beside it. */
export const takePicture = async (page: Page, name: string, without?: RegExp): Promise<void> => {
  await untilStill(page, without);
  await page.evaluate("document.fonts.ready.then(() => undefined)");
  mkdirSync(directory, { recursive: true });
  const browser = await page.context().newCDPSession(page);
  const { data } = await browser.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  writeFileSync(pictureFile(name), Buffer.from(data, "base64"));
  writeFileSync(textFile(name), await textOf(page, without));
};

/** Until the text of the page has not changed for a while. The stream of events never lets the network rest. */
const untilStill = async (page: Page, without?: RegExp): Promise<void> => {
  for (let before = ""; ; ) {
    const text = await textOf(page, without);
    if (text === before) return;
    before = text;
    await page.waitForTimeout(500);
  }
};
