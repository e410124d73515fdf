import { defineCheck, go, noGo } from "../check.ts";

export const settingsParse = defineCheck({
  id: "settings",
  number: 3,
  group: "system",
  name: "Settings",
  asks: "The new version accepts the settings.",
  run: async ({ settings }) =>
    "read" in settings
      ? go(`The settings are valid; NODE_ENV is ${settings.read.NODE_ENV}.`)
      : noGo(settings.faults.join(" "), "Correct the settings in the environment or in .env."),
});
