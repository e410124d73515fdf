import type { Mute } from "./incidents/mute.ts";
import type { Silences } from "./incidents/silences.ts";
import type { Pipeline } from "./pipeline.ts";

/** Changes the mutes as all instances have them, then saves the result and shares it. */
export const changeMutes = async (
  { silences, shared, notifier, stateFile, clock }: Pipeline,
  change: (silences: Silences, now: Date) => Mute,
): Promise<Mute> => {
  await shared?.syncSilences();
  const mute = change(silences, clock.now());
  notifier.schedule();
  await stateFile?.save();
  await shared?.syncSilences();
  return mute;
};
