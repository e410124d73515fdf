import { defineCheck, demand, unknown } from "../check.ts";
import { few } from "../words.ts";
import { breakingChanges } from "./breaking-changes.ts";

export const apiCompatibility = defineCheck({
  id: "api-compatibility",
  number: 30,
  group: "security",
  name: "Compatibility of the API",
  asks: "Clients of the version in production work with the new one.",
  run: async ({ openapi }) => {
    if (!openapi)
      return unknown(
        "The OpenAPI documents of both versions are needed.",
        "Pass them: --openapi-blue and --openapi-green.",
      );
    const broken = breakingChanges(await openapi.blue(), await openapi.green());
    return demand(
      broken.length === 0,
      broken.length > 0 ? `${broken.length} breaking changes: ${few(broken)}.` : "No breaking change.",
      "Keep the old form in this release, or serve the new one as a new API version.",
    );
  },
});
