import { defineCheck, go, unknown } from "../check.ts";
import { span } from "../words.ts";

const greatestAgeMs = 3_600_000;

export const onCall = defineCheck({
  id: "on-call",
  number: 37,
  group: "team",
  name: "Person on call",
  asks: "The person on call has acknowledged the release within the hour.",
  validForMs: 3_600_000,
  run: async (context) => {
    const remedy = 'The person on call runs "earlybird release ack".';
    const answer = await context.onCall?.acknowledged();
    if (!answer) return unknown("Nobody has acknowledged the release.", remedy);
    const age = context.clock.now().getTime() - answer.at.getTime();
    const evidence = `Acknowledged by ${answer.by} ${span(age)} ago.`;
    return age <= greatestAgeMs ? go(evidence) : unknown(evidence, remedy);
  },
});
