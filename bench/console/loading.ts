import type { Browser } from "playwright-core";
import { median, ms, printTable, ratio } from "../figures.ts";
import { type Login, pages } from "./pages.ts";

const rounds = 5;

interface Device {
  name: string;
  width: number;
  height: number;
  /** Processor and network, as the developer tools of Chromium emulate them. */
  slowness?: { cpu: number; latencyMs: number; bytesPerSecond: number };
}

/** Fast 3G, as the developer tools and Lighthouse have it. */
const fast3G = { latencyMs: 562.5, bytesPerSecond: 180_000 };
const devices: readonly Device[] = [
  { name: "desktop", width: 1440, height: 900 },
  { name: "phone", width: 390, height: 844, slowness: { cpu: 6, ...fast3G } },
];

interface Loaded {
  firstPaintMs: number;
  dataMs: number;
}

/** Loads each page with an empty cache, beside a probe that answers a few bytes. */
export const benchLoading = async (browser: Browser, url: string, login: Login): Promise<void> => {
  console.log(
    `\nPages with an empty cache, logged in, medians of ${rounds} interleaved rounds. Phone: 6 times slower processor, fast 3G. Goal: data on the screen of a desktop within 1.5 s; first paint on a phone within 1.5 s.\n`,
  );
  const rows: string[][] = [];
  for (const device of devices) {
    const probe = { path: "/livez", data: async () => undefined };
    const sides = [probe, ...pages];
    const results = sides.map((): Loaded[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, { path, data }] of sides.entries()) {
        const address = path === "/livez" ? `${url}/livez` : `${url}/console${path}`;
        results[at]?.push(await load(browser, device, login, address, data));
      }
    }
    const least = median((results[0] ?? []).map(({ dataMs }) => dataMs));
    for (const [at, { path }] of sides.entries()) {
      const [paint, data] = (["firstPaintMs", "dataMs"] as const).map((figure) =>
        median((results[at] ?? []).map((loaded) => loaded[figure])),
      );
      rows.push([device.name, `\`${path}\``, ms(paint ?? 0), ms(data ?? 0), ratio(data ?? 0, least)]);
    }
  }
  printTable(["device", "page", "first paint", "data on the screen", "ratio to `/livez`"], rows);
};

/** Waits for the first contentful paint, in milliseconds after the start of the navigation. */
const firstPaint = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const entry = list.getEntriesByName("first-contentful-paint")[0];
    if (entry) resolve(entry.startTime);
  }).observe({ type: "paint", buffered: true });
})`;

const load = async (
  browser: Browser,
  { width, height, slowness }: Device,
  login: Login,
  address: string,
  data: (typeof pages)[number]["data"],
): Promise<Loaded> => {
  const context = await browser.newContext({ viewport: { width, height }, storageState: login });
  // On a busy machine a slow phone takes minutes.
  context.setDefaultTimeout(180_000);
  const page = await context.newPage();
  if (slowness) {
    const { cpu, latencyMs, bytesPerSecond } = slowness;
    const devtools = await context.newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: cpu });
    await devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: latencyMs,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond / 2,
    });
  }
  const startMs = performance.now();
  await page.goto(address, { waitUntil: "commit" });
  await data(page);
  const dataMs = performance.now() - startMs;
  const firstPaintMs = await page.evaluate<number>(firstPaint);
  await context.close();
  return { firstPaintMs, dataMs };
};
