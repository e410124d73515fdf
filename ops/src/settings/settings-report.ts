import { redactedSettings, type Settings, secretSettings, settingsReference } from "./settings.ts";

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

/** Every setting with its value, in the order of the documentation. */
export const settingsReport = (settings: Settings): SettingReport[] => {
  const values = redactedSettings(settings);
  const secrets = new Set<string>(secretSettings);
  return settingsReference().map(({ name, description, fallback }) => {
    const isSet = settings[name as keyof Settings] !== undefined;
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
