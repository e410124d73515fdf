import { defineCheck, demand, unknown } from "../check.ts";

export const trafficSwitch = defineCheck({
  id: "traffic-switch",
  number: 7,
  group: "system",
  name: "Traffic switch",
  asks: "The switch reports its weights.",
  run: async (context) => {
    if (!context.switch)
      return unknown(
        "No traffic switch is connected.",
        'Run the service with "earlybird start", or set up a switch.',
      );
    const { verified, weights } = await context.switch.read();
    const shares = Object.entries(weights).map(([slot, weight]) => `${slot} ${weight}`);
    return demand(
      verified,
      `The switch reports ${shares.join(", ")}.`,
      "Repair the switch: it does not confirm its weights.",
    );
  },
});
