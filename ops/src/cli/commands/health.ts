import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { serverAddress } from "../arguments.ts";
import { readEnvironment } from "../context.ts";
import { print, printJson } from "../output.ts";

const serverUnreachable = defineFailure({
  code: "EB_SERVER_UNREACHABLE",
  status: 503,
  detail: "No server responds at {urls}.",
  remedy: 'Start it with "earlybird start", or pass another address with --url.',
});

const timeoutMs = 5_000;
const lastPrivilegedPort = 1_023;
/** Where a server listens to which the system has refused its port. */
const fallbackPort = 10_001;

export const healthCommand = () =>
  new Command("health")
    .description("show the health of a running server; exit 1 if it is unhealthy or unreachable")
    .option("--url <url>", "address of the server", serverAddress)
    .option("--json", "print one JSON document")
    .action(async ({ url, json }: { url?: string; json?: boolean }) => {
      const { place, health } = await firstAnswer(url ? [url] : await usualPlaces());
      if (health.status === "unhealthy") process.exitCode = 1;
      if (json) return printJson(health);
      const { status, version, uptime_seconds } = health;
      print(`${status}, version ${version}, up for ${uptime_seconds} s at ${place}`);
    });

const usualPlaces = async (): Promise<string[]> => {
  const { HOST, PORT } = (await readEnvironment()).settings;
  const ports = PORT <= lastPrivilegedPort ? [PORT, fallbackPort] : [PORT];
  return ports.map((port) => `http://${hostToAsk(HOST)}:${port}`);
};

/** Whoever listens on all networks is asked on this machine. */
const hostToAsk = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
};

const firstAnswer = async (urls: readonly string[]) => {
  const { healthResponse } = await import("./health-response.ts");
  for (const place of urls) {
    try {
      const response = await fetch(new URL("/api/health", place), { signal: AbortSignal.timeout(timeoutMs) });
      return { place, health: healthResponse.parse(await response.json()) };
    } catch {
      // The next place may answer; when none does, the failure names them all.
    }
  }
  throw serverUnreachable({ urls: urls.join(" or ") });
};
