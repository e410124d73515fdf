import type { Logger } from "../../../core/logger.ts";
import { CommandSwitch, FrontSwitch, HaproxySwitch, type TrafficSwitch } from "../../../deployment/index.ts";
import { releasePlanFrom } from "../../../settings/release-settings.ts";
import type { Settings } from "../../../settings/settings.ts";

/** The switch that the settings choose. */
export const trafficOf = (
  settings: Settings,
  { dataDir, release, log }: { dataDir: string; release: string; log: Logger },
): TrafficSwitch => {
  const { traffic } = releasePlanFrom(settings);
  if (traffic.kind === "haproxy") {
    const { socketPath, servers } = traffic;
    return new HaproxySwitch({ dataDir, release, socketPath, servers, log });
  }
  // A shell reads the line, as it does with BACKUP_COMMAND.
  if (traffic.kind === "command")
    return new CommandSwitch({ dataDir, release, command: ["/bin/sh", "-c", traffic.command] });
  return new FrontSwitch(dataDir, release);
};
