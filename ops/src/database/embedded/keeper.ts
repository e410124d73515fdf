import { keepServer } from "./keep-server.ts";

/**
 * The keeper of an embedded server: a process of its own, started detached with the data directory as its
 * argument. It starts PostgreSQL, and stops it when the last process that uses it is gone.
 */
process.title = "earlybird-keeper";

// Ctrl-C, a closed terminal or a service manager's stop reach every process of ours at once. Those who use
// the server still need it to clean up; it ends when they have ended, however they do.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

await keepServer(process.argv[2] as string);
process.exit();
