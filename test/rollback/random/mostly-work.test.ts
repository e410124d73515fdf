import { test } from "vitest";
import { whateverHappens } from "./whatever-happens.ts";

const long = process.env.TEST_LONG !== undefined;

test(
  "whatever people do between rollbacks, nothing is orphaned, lost, altered or billed twice",
  () =>
    whateverHappens({
      movesInTen: 4,
      longest: long ? 14 : 8,
      runs: long ? 1_000 : 100,
      seed: long ? undefined : 19,
    }),
  long ? 7_200_000 : 600_000,
);
