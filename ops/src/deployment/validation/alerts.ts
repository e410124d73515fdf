import { few } from "../preflight/words.ts";
import { fail, success, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";

const hourMs = 3_600_000;

/** Every alert fires, notifies and ends, in a drill: once, because it sends a message to people. */
export const alertChecks = ({ drill }: Pick<ValidationContext, "drill">): ValidationCheck[] => [
  {
    name: "drill",
    repeatAfterMs: { SUCCESS: Number.POSITIVE_INFINITY, UNKNOWN: hourMs },
    run: async () => {
      const rules = await drill();
      const failed = rules.filter(({ notified, resolved }) => !notified || !resolved);
      if (failed.length === 0)
        return success(
          `${rules.length} alerts fired, notified and resolved: ${rules.map(typeOf).join(", ")}.`,
        );
      const faults = failed.map((rule) => `${rule.type} ${rule.notified ? "did not end" : "did not notify"}`);
      return fail(`${failed.length} of ${rules.length} alerts failed: ${few(faults)}.`);
    },
  },
];

const typeOf = ({ type }: { type: string }): string => type;
