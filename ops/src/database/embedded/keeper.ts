import { keepServer } from "./keep-server.ts";

/**
 * The keeper of an embedded server: a process of its own, started detached with the data directory and the generation
 * of the keeper before it as its arguments. It starts PostgreSQL, and stops it when the last process that uses it is
 * gone.
 */
process.title = "earlybird-keeper";

// Ctrl-C, a closed terminal or a service manager's stop reach every process of ours at once. Those who use
// the server still need it to clean up; it ends when they have ended, however they do.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const [dataDir = "", after] = process.argv.slice(2);
await keepServer(dataDir, Number(after));
process.exit();
