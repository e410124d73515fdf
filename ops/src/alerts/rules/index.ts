import { apiTimeout } from "./api-timeout.ts";
import { databaseDown } from "./database-down.ts";
import { databaseSlow } from "./database-slow.ts";
import { highCpu } from "./high-cpu.ts";
import { highErrorRate } from "./high-error-rate.ts";
import { highMemory } from "./high-memory.ts";
import type { Rule } from "./rule.ts";

/** All rules. Causes come before their symptoms. */
export const rules: readonly Rule[] = [
  databaseDown,
  databaseSlow,
  highErrorRate,
  highCpu,
  highMemory,
  apiTimeout,
];
