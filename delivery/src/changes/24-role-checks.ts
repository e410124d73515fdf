import { behaviour, defineChange } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { access, isExposedByStep24 } from "../access.ts";
import { countBy } from "./impact.ts";
import { reportUncheckedWrites } from "./unchecked-writes.ts";

const exposed = Object.entries(access).filter(([, rule]) => isExposedByStep24(rule));

const writing = exposed.map(([route]) => route).filter((route) => !route.startsWith("GET "));

const consequence = `Registration is public: while step 24 is rolled back anybody can make a login and use ${writing.join(", ")}. Logins, roles and links stay protected. Re-applying lists what was written by logins that it refuses.`;

export default defineChange({
  step: 24,
  name: "role-checks",
  title: "Each route of the delivery API checks roles",
  requires: [],
  risk: "critical",
  acknowledge: "security exposed",
  whileRolledBack:
    "Every valid login can use every route of the delivery API. Rollback, alerts and monitoring stay protected.",
  affects: { routes: exposed.map(([route]) => route), alerts: ["SECURITY_ALERT"] },
  parts: [behaviour("role-checks")],
  impact: async (db) => [
    { label: "routes open to every login", value: exposed.length, unit: "routes" },
    ...exposed.map(([route, roles]) => ({
      label: `exposed: ${route}`,
      value: `was for ${roles.toString()}`,
      unit: "",
      group: "exposed",
      key: route,
    })),
    ...(await countBy(
      db,
      "active users who could use them",
      "users",
      sql`select role as part, count(*) as value from users where active group by role order by role`,
    )),
  ],
  review: async (db, direction) =>
    direction === "rollback" ? [consequence] : await reportUncheckedWrites(db),
});
