import { defineCheck, demand, unknown } from "../check.ts";
import { few } from "../words.ts";
import { readOpenapi } from "./openapi.ts";

/** Routes that need a login in `blue` and none in `green`. */
export const lostProtection = (blue: unknown, green: unknown): string[] => {
  const before = readOpenapi(blue).routes;
  return [...readOpenapi(green).routes.values()]
    .filter(({ key, isProtected }) => !isProtected && before.get(key)?.isProtected === true)
    .map(({ key }) => key);
};

export const routeProtection = defineCheck({
  id: "route-protection",
  number: 29,
  group: "security",
  name: "Protection of routes",
  asks: "No route that needs a login today is open in the new version.",
  run: async ({ openapi }) => {
    if (!openapi)
      return unknown(
        "The OpenAPI documents of both versions are needed.",
        "Pass them: --openapi-blue and --openapi-green.",
      );
    const [blue, green] = await Promise.all([openapi.blue(), openapi.green()]);
    if (![...readOpenapi(blue).routes.values()].some(({ isProtected }) => isProtected))
      return unknown(
        "The document of the version in production names no route that needs a login.",
        "Describe the logins as security requirements in the OpenAPI document.",
      );
    const lost = lostProtection(blue, green);
    return demand(
      lost.length === 0,
      lost.length > 0 ? `Open to everybody: ${few(lost)}.` : "Every protected route stays protected.",
      "Require a login for these routes again.",
    );
  },
});
