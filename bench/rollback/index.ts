import { withServer } from "../business.ts";
import { benchEveryStep } from "./every-step.ts";
import { benchFieldSteps } from "./field-steps.ts";
import { benchRowSteps } from "./row-steps.ts";
import { benchUnderLoad } from "./under-load.ts";
import { benchWriters } from "./writers.ts";

/** Compares rollback and re-apply with plain SQL. */
export const rollbackBench = (): Promise<void> =>
  withServer(async (url) => {
    await benchWriters(url);
    await benchUnderLoad(url);
    await benchFieldSteps(url);
    await benchRowSteps(url);
    await benchEveryStep(url);
  });
