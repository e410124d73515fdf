import { useSyncExternalStore } from "react";

/** What a user has chosen for this browser; the server does not know it. */
export interface Preferences {
  /** `system` follows the operating system. `src/styles/apply-theme.js` applies it before the first paint. */
  theme: Theme;
  /** Whether single keys move around. People who dictate switch them off. */
  keys: "on" | "off";
}

export const themes = ["system", "night", "day"] as const;
export type Theme = (typeof themes)[number];

const allowed: { [Name in keyof Preferences]: readonly [Preferences[Name], ...Preferences[Name][]] } = {
  theme: themes,
  keys: ["on", "off"],
};

const listeners = new Set<() => void>();
const announce = () => {
  for (const listener of listeners) listener();
};

/** The first allowed value is the default, also where the browser keeps nothing. */
export const preferenceOf = <Name extends keyof Preferences>(name: Name): Preferences[Name] => {
  const stored = read(`earlybird.${name}`);
  return allowed[name].find((value) => value === stored) ?? allowed[name][0];
};

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

export const setPreference = <Name extends keyof Preferences>(name: Name, value: Preferences[Name]): void => {
  localStorage.setItem(`earlybird.${name}`, value);
  if (name === "theme") document.documentElement.dataset.theme = value;
  announce();
};

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  // Another tab has changed it.
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
};

export const usePreference = <Name extends keyof Preferences>(name: Name): Preferences[Name] =>
  useSyncExternalStore(subscribe, () => preferenceOf(name));
