import { defineCheck, demand, go, unknown } from "../check.ts";
import { few } from "../words.ts";

export const demoLogins = defineCheck({
  id: "demo-logins",
  number: 33,
  group: "security",
  name: "Demo logins",
  asks: "No login of the demo exists in production.",
  run: async (context) => {
    const { settings } = context;
    if (!("read" in settings)) return unknown("The settings are not valid.", "Correct the settings first.");
    if (settings.read.NODE_ENV !== "production")
      return go(`NODE_ENV is ${settings.read.NODE_ENV}, where demo logins may exist.`);
    if (!context.demoLogins)
      return unknown(
        "The service does not report its demo logins.",
        "Declare demo.logins in the service, and start the database.",
      );
    const logins = await context.demoLogins();
    return demand(
      logins.length === 0,
      logins.length > 0 ? few(logins) : "None exists.",
      "Delete these logins.",
    );
  },
});
