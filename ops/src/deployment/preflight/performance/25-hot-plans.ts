import { defineCheck, demand, unknown } from "../check.ts";
import { few } from "../words.ts";

export const hotPlans = defineCheck({
  id: "hot-plans",
  number: 25,
  group: "performance",
  name: "Query plans",
  asks: "On the copy, with the steps applied, no hot query has a slower kind of plan.",
  timeLimitMs: 60_000,
  validForMs: 86_400_000,
  run: async ({ copy }) => {
    if (!copy?.hotPlans)
      return unknown(
        "There is no restored copy.",
        "Rehearse the release: it explains the hot queries on the copy.",
      );
    const plans = await copy.hotPlans();
    const slower = plans.flatMap(({ query, problem }) => (problem === null ? [] : [`${query}: ${problem}`]));
    return demand(
      slower.length === 0,
      slower.length === 0 ? `${plans.length} queries use their indexes.` : few(slower, 3),
      "Add the missing index as a step that is applied before the switch.",
    );
  },
});
