import { z } from "zod";

/** What `/api/health` answers. A proxy, or another program on the port, answers in JSON, too. */
export const healthAnswer = z.looseObject({
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  version: z.string(),
  uptime_seconds: z.number(),
});
