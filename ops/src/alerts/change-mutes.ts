import type { Silences } from "./incidents/silences.ts";
import type { Pipeline } from "./pipeline.ts";

/** Changes the mutes and maintenance windows as all instances have them, then saves the result and shares it. */
export const changeMutes = async <Changed>(
  { silences, shared, notifier, stateFile, clock }: Pipeline,
  change: (silences: Silences, now: Date) => Changed,
): Promise<Changed> => {
  await shared?.syncSilences();
  const changed = change(silences, clock.now());
  notifier.schedule();
  await stateFile?.save();
  await shared?.syncSilences();
  return changed;
};
