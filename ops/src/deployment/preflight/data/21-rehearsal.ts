import { defineCheck, demand, noGo, unknown } from "../check.ts";
import { span } from "../words.ts";

const greatestAgeMs = 86_400_000;

export const rehearsal = defineCheck({
  id: "rehearsal",
  number: 21,
  group: "data",
  name: "Rehearsal",
  asks: "The release was carried out and reverted on a restored backup within 24 hours, without a difference.",
  run: async (context) => {
    const remedy = "Rehearse the release on a restored backup.";
    if (!context.rehearsal) return unknown("No rehearsal is set up.", remedy);
    const last = await context.rehearsal.latest();
    if (!last) return noGo("The release was not rehearsed.", remedy);
    const age = context.clock.now().getTime() - last.at.getTime();
    return demand(last.ok && age <= greatestAgeMs, `Rehearsed ${span(age)} ago: ${last.detail}`, remedy);
  },
});
