import { channelsFrom } from "../../../alerts/index.ts";
import type { Settings } from "../../../settings/settings.ts";

/** The channels that a server with these settings has. */
export const channelNames = (settings: Settings): string[] => [
  "log",
  ...channelsFrom(settings).map(({ name }) => name),
];
