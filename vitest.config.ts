import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

// "source" first: `@earlybird-ops/platform/...` resolves to the TypeScript source, so tests need no build.
const conditions = ["source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["{ops,delivery,console}/src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: "test/support/postgres.ts",
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    // Files in a worker share their imports: loading them per file took a quarter of the total time.
    isolate: false,
    // Vitest leaves one processor idle by default, but most tests wait for the database or another process.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One line per passing file: the default reporter lists every test above this threshold.
    slowTestThreshold: 60_000,
    // The default of one second is too short on a busy machine.
    expect: { poll: { timeout: 10_000 } },
  },
});
