import { test } from "vitest";
import { whateverHappens } from "./whatever-happens.ts";

const long = process.env.TEST_LONG !== undefined;

test(
  "whatever is rolled back and re-applied, in whichever order, nothing is orphaned, lost, altered or billed twice",
  () =>
    whateverHappens({
      movesInTen: 7,
      longest: long ? 14 : 8,
      runs: long ? 1_000 : 100,
      seed: long ? undefined : 49,
    }),
  long ? 7_200_000 : 600_000,
);
