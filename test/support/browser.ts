import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

/** Whether this machine has a browser to test with: Debian's `chromium`, or Chrome. */
export const hasBrowser = executable !== undefined;

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    ...(executable !== undefined && { executablePath: executable }),
    args: ["--no-sandbox", "--disable-background-networking"],
  });

/** A page that collects what a browser reports: errors of scripts, and violations of the content security policy. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Without failed requests, which `statuses` lists. */
  errors: string[];
  /** Every response of the API without success: `403 POST /api/...`. */
  failures: string[];
}

export const openPage = async (
  browser: Browser,
  options: { width: number; height: number; colorScheme?: "dark" | "light" },
): Promise<WatchedPage> => {
  const { width, height, colorScheme = "dark" } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    // Colours and positions are final at once.
    reducedMotion: "reduce",
  });
  // Less than a test may take, so that a failure names what it waited for.
  context.setDefaultTimeout(20_000);
  return watchPage(await context.newPage());
};

/**
 * Begins a session of the console without its login form, which costs a password hash and a page.
 *
 * @param url of the console, without a slash at the end
 * @param token of the API, such as `tokenOf("admin")`
 */
export const beginSession = async (context: BrowserContext, url: string, token: string): Promise<void> => {
  const response = await context.request.post(`${new URL(url).origin}/api/console/session`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok()) throw new Error(`no session: ${response.status()} ${await response.text()}`);
};

/** Collects what the browser reports of a page. */
export const watchPage = (page: Page): WatchedPage => {
  const errors: string[] = [];
  const failures: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      errors.push(message.text());
  });
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() >= 400)
      failures.push(`${response.status()} ${response.request().method()} ${pathname}`);
  });
  return { page, context: page.context(), errors, failures };
};

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Loads axe into each document that the page opens from now on, through the debugger, which no policy governs. */
export const addAxe = (page: Page): Promise<unknown> => page.addInitScript({ path: axe });

/** The rules of axe that depend on the theme. */
export const colourRules = ["color-contrast", "link-in-text-block"];

/**
 * What axe finds on the page as it is, with the elements concerned; after {@link addAxe}.
 *
 * @param only these rules, also those that axe leaves out by default, such as `target-size`
 */
export const axeViolations = (page: Page, only?: readonly string[]): Promise<string[]> =>
  page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } };
    const { violations } = await axe.run(rules ? { runOnly: { type: "rule", values: rules } } : {});
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }, only);

/** The elements that make a page scroll sideways, beginning with the outermost. */
export const overflowOf = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 120))`);

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[];
}
