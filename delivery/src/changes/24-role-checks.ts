import { behaviour, defineChange } from "earlybird/rollback";
import { sql } from "kysely";
import { access } from "../access.ts";
import { countBy } from "./impact.ts";

const guarded = Object.entries(access).filter(([, rule]) => rule !== "public");

export default defineChange({
  step: 24,
  name: "role-checks",
  title: "Each route of the delivery API checks roles",
  requires: [],
  risk: "critical",
  acknowledge: "security exposed",
  parts: [behaviour("role-checks")],
  impact: async (db) => [
    { label: "routes open to every login", value: guarded.length, unit: "routes" },
    ...guarded.map(([route, roles]) => ({
      label: `exposed: ${route}`,
      value: `was for ${roles.toString()}`,
      unit: "",
    })),
    ...(await countBy(
      db,
      "active users who could use them",
      "users",
      sql`select role as part, count(*) as value from users where active group by role order by role`,
    )),
  ],
});
