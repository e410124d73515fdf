import { z } from "zod";

/** The response of `/api/health`. A proxy or another program on the port can respond with JSON, too. */
export const healthResponse = z.looseObject({
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  version: z.string(),
  uptime_seconds: z.number(),
});
