const key = "earlybird-theme";
const system = () => matchMedia("(prefers-color-scheme: light)");

export type Theme = "day" | "night" | "system";

export const storedTheme = (): Theme => {
  const stored = localStorage.getItem(key);
  return stored === "day" || stored === "night" ? stored : "system";
};

/** Applies a theme and remembers it; without an argument, the remembered one. */
export const applyTheme = (theme: Theme = storedTheme()): void => {
  localStorage.setItem(key, theme);
  const isDay = theme === "system" ? system().matches : theme === "day";
  document.documentElement.dataset.theme = isDay ? "day" : "night";
};

system().addEventListener("change", () => applyTheme());
