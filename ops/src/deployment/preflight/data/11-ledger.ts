import { defineCheck, demand, unknown } from "../check.ts";
import { few } from "../words.ts";

export const ledger = defineCheck({
  id: "ledger",
  number: 11,
  group: "data",
  name: "Ledger",
  asks: "The hash chain of the ledger is intact.",
  waivable: false,
  timeLimitMs: 60_000,
  run: async ({ steps }) => {
    if (!steps) return unknown("The ledger was not read.", "Start the database, then check again.");
    const { ok, entries, faults } = await steps.verifyLedger();
    return demand(
      ok,
      ok ? `${entries} entries, the chain is intact.` : few(faults, 3),
      'Find out who changed the ledger: "earlybird audit verify" lists every fault.',
    );
  },
});
