import { EvenClients } from "../../test/deployment/even-clients.ts";
import { startLoad } from "../../test/deployment/load.ts";
import { until, waivers, withoutCopy } from "../../test/deployment/production.ts";
import { thousands } from "../figures.ts";
import type { Goal } from "./goals.ts";
import { withShop, wronglyExecuted } from "./shop.ts";

const fewestRequests = 20_000;
const patientMs = 600_000;

/** A whole canary release and its revert after completion, both by the command line, under load. */
export const lossBench = (): Promise<Goal[]> =>
  withShop(
    {
      RELEASE_PHASE_MINUTES: "0.2,0.2,0.2",
      RELEASE_DEADLINE_MINUTES: "10,10,10",
      RELEASE_PHASE_MARGIN_PERCENT: "20,10,5",
      RELEASE_VALIDATION_MINUTES: "0.1,0.15,0.2,0.25,0.3",
    },
    async (production) => {
      const clients = new EvenClients();
      const load = startLoad(production.url, { clientOf: clients.of, connections: 16 });
      await until(async () => load.sent.length > 1_000, "the load stands still");
      const directory = await production.install("v2", { version: "2.0.0", steps: true });
      clients.chooseFor(await production.release(directory, { waive: [...waivers, ...withoutCopy] }));
      await production.reaches("watching", patientMs);
      await production.acceptUntilCompleted();
      await production.command("revert");
      await production.reaches("reverted", patientMs);
      await until(async () => load.sent.length > fewestRequests, "the load stands still", patientMs);
      await load.stop();
      const lost = load.sent.filter((sent) => sent.lost !== null);
      const wrong = await wronglyExecuted(production, load);
      const versions = [...new Set(load.sent.map(({ slot }) => slot))].join(", ");
      console.error(`versions that answered: ${versions}; lost: ${JSON.stringify(lost.slice(0, 5))}`);
      return [
        {
          what: "requests lost in a canary release and its revert; orders not executed once",
          measured: `${lost.length} of ${thousands(load.sent.length)}; ${wrong}`,
          goal: `0 of at least ${thousands(fewestRequests)}; 0`,
          isMet: lost.length === 0 && wrong === 0,
        },
      ];
    },
  );
