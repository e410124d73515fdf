import type { Browser } from "playwright-core";
import { launchBrowser } from "../../test/support/browser.ts";
import { root, startService } from "../running-service.ts";
import { benchAtThree } from "./at-three.ts";
import { benchIdle } from "./idle.ts";
import { benchLoading } from "./loading.ts";
import { logIn } from "./pages.ts";
import { printSizes } from "./sizes.ts";

/** Measures the console in a browser: sizes, loading on a desktop and on a phone, idle CPU, the way at three. */
export const consoleBench = async (): Promise<void> => {
  const browser: Browser = await launchBrowser();
  const service = await startService(root, "EarlyBird listens on");
  console.log("\n## The console\n");
  printSizes();
  const login = await logIn(browser, service.url);
  await benchLoading(browser, service.url, login);
  await benchIdle(browser, service.url, login);
  await service.stop();
  await benchAtThree(browser);
  await browser.close();
};
