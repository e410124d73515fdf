import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { serverAddress } from "../arguments.ts";
import { print, printJson } from "../output.ts";
import { usualPlaces } from "../usual-places.ts";

const serverUnreachable = defineFailure({
  code: "EB_SERVER_UNREACHABLE",
  status: 503,
  detail: "No server responds at {urls}.",
  remedy: 'Start it with "earlybird start", or pass another address with --url.',
});

const timeoutMs = 5_000;

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
