import { isMuteDuration, type MuteDuration } from "./mute-durations.ts";

/** The search parameters of an alert's page: `?mute=1h` in a notification opens the dialog. */
export interface AlertSearch {
  mute?: MuteDuration;
}

export const alertSearch = ({ mute }: Record<string, unknown>): AlertSearch =>
  isMuteDuration(mute) ? { mute } : {};
