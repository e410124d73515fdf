/** Runs the steady load of its arguments in a separate process. */
import { askSteadily } from "./steady.ts";

const [port = "", load = ""] = process.argv.slice(2);
await askSteadily(Number(port), JSON.parse(load));
