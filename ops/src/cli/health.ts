import { Command } from "commander";
import { Failure } from "../lib/failure.ts";
import { answer, answerJson } from "./output.ts";
import { readSurroundings } from "./session.ts";

const serverUnreachable = (urls: readonly string[]) =>
  new Failure(
    "EB_SERVER_UNREACHABLE",
    503,
    `No server answers at ${urls.join(" or ")}.`,
    'Start it with "earlybird start", or name another with --url.',
  );

const timeoutMs = 5_000;
const fallbackPort = 10_001;

export const healthCommand = () =>
  new Command("health")
    .description("ask a running server how it is; exit 1 when it is unhealthy or does not answer")
    .option("--url <url>", "where it listens")
    .option("--json", "answer with one JSON document")
    .action(async ({ url, json }: { url?: string; json?: boolean }) => {
      const health = await firstAnswer(url ? [url] : await usualPlaces());
      if (health.status === "unhealthy") process.exitCode = 1;
      if (json) return answerJson(health);
      const { status, version, uptime_seconds } = health;
      answer(`${status}, version ${version}, up for ${uptime_seconds} s`);
    });

const usualPlaces = async (): Promise<string[]> => {
  const { settings } = await readSurroundings();
  return [...new Set([settings.PORT, fallbackPort])].map((port) => `http://localhost:${port}`);
};

const firstAnswer = async (urls: readonly string[]): Promise<Record<string, unknown>> => {
  for (const url of urls) {
    try {
      const response = await fetch(new URL("/api/health", url), { signal: AbortSignal.timeout(timeoutMs) });
      return (await response.json()) as Record<string, unknown>;
    } catch {
      // The next place may answer; when none does, the failure names them all.
    }
  }
  throw serverUnreachable(urls);
};
