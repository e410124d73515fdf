import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

/**
 * A JSON logger on stderr; stdout is reserved for the output of commands.
 *
 * @param level one of pino's levels, `info` by default; `silent` turns logging off
 */
export const createLogger = (level = "info"): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ["req.headers.authorization", "password", "*.password"],
    },
    pino.destination({ dest: 2, sync: true }),
  );
