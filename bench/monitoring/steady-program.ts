/** Asks steadily in a process of its own, as its arguments say. */
import { askSteadily } from "./steady.ts";

const [port = "", load = ""] = process.argv.slice(2);
await askSteadily(Number(port), JSON.parse(load));
