import { readIntervals } from "../../../settings/validators.ts";
import { defineCheck, go, noGo, unknown } from "../check.ts";

export const freeze = defineCheck({
  id: "freeze",
  number: 38,
  group: "team",
  name: "Freeze",
  asks: "No freeze of RELEASE_FREEZE is in force.",
  validForMs: 300_000,
  run: async ({ settings, clock }) => {
    if (!("read" in settings)) return unknown("The settings are not valid.", "Correct the settings first.");
    const now = clock.now();
    const { RELEASE_FREEZE } = settings.read;
    const freezes = RELEASE_FREEZE ? readIntervals(RELEASE_FREEZE).filter((each) => each !== null) : [];
    const current = freezes.find(({ from, until }) => from <= now && now < until);
    if (current)
      return noGo(
        `Releases are frozen from ${current.from.toISOString()} until ${current.until.toISOString()}.`,
        "Wait, or waive this check with the reason that makes the release urgent.",
      );
    const next = freezes
      .filter(({ from }) => from > now)
      .sort((a, b) => a.from.getTime() - b.from.getTime())[0];
    return go(next ? `The next freeze begins at ${next.from.toISOString()}.` : "No freeze is planned.");
  },
});
