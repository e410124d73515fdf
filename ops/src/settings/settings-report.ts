import { type MonitoringSettings, monitoringSettingNames } from "./monitoring-settings.ts";
import { type Settings, secretSettings, settingsReference } from "./settings.ts";

/** A setting of the running service. Values of secrets are not in it. */
export interface SettingReport {
  name: string;
  description: string;
  /** Null if there is none. */
  default: string | null;
  /** Null if the setting is not set, and for secrets. */
  value: string | null;
  is_secret: boolean;
  is_set: boolean;
}

/** Every setting with its value, in the order of the documentation; without those that were not read. */
export const settingsReport = (settings: Settings | MonitoringSettings): SettingReport[] => {
  const values: Readonly<Record<string, unknown>> = settings;
  const secrets = new Set<string>(secretSettings);
  // Every full set has a port.
  const isRead = ({ name }: { name: string }) => "PORT" in settings || monitoringSettingNames.has(name);
  return settingsReference()
    .filter(isRead)
    .map(({ name, description, fallback }) => {
      const isSet = values[name] !== undefined;
      const isSecret = secrets.has(name);
      return {
        name,
        description,
        default: fallback === "" ? null : fallback,
        value: isSet && !isSecret ? textOf(values[name]) : null,
        is_secret: isSecret,
        is_set: isSet,
      };
    });
};

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : String(value));
