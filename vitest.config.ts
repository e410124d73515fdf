import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

// "source" first: `earlybird/...` is then the TypeScript itself, and no build stands between edit and test.
const conditions = ["source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["{ops,delivery,console}/src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: "test/support/postgres.ts",
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    // Files share what they import: loading it anew for each took a quarter of the time of all tests.
    isolate: false,
    // Vitest would leave one processor idle; most of our tests wait for the database or another process.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes soon, but not always within a second on a machine that does other things, too.
    expect: { poll: { timeout: 10_000 } },
  },
});
