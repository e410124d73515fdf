import { defineCheck, demand, noGo, unknown } from "../check.ts";
import { span } from "../words.ts";

const greatestAgeMs = 86_400_000;

export const backup = defineCheck({
  id: "backup",
  number: 16,
  group: "data",
  name: "Backup",
  asks: "A backup was restored and verified within 24 hours.",
  run: async ({ backups, clock }) => {
    const remedy = 'Run "earlybird backup create" and "earlybird backup verify".';
    if (!backups) return unknown("No backups are set up.", remedy);
    const last = await backups.lastVerified();
    if (!last) return noGo("No backup has been restored.", remedy);
    const age = clock.now().getTime() - last.verifiedAt.getTime();
    return demand(age <= greatestAgeMs, `Backup ${last.id} was restored ${span(age)} ago.`, remedy);
  },
});
