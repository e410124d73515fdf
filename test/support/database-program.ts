/**
 * A process that uses the embedded database of the data directory given as its argument: it says where the
 * server listens, then answers each line of its input: a query as JSON, or `close`.
 */
import { createInterface } from "node:readline";
import { createLogger, Failure } from "@earlybird-ops/platform";
import { openDatabase } from "@earlybird-ops/platform/database";

const say = (what: unknown) => console.log(JSON.stringify(what));

// As a server does that cleans up before it ends.
process.on("SIGINT", () => undefined);

try {
  const dataDir = process.argv[2] as string;
  const database = await openDatabase({ dataDir, log: createLogger("silent") });
  say({ url: database.url, joined: database.joined });
  for await (const line of createInterface(process.stdin)) {
    if (line === "close") {
      await database.close();
      say("closed");
      break;
    }
    say((await database.pool.query(JSON.parse(line))).rows);
  }
  process.exit();
} catch (error) {
  say({ failure: error instanceof Failure ? error.toProblem() : String(error) });
  process.exit(1);
}
