import { withServer } from "../business.ts";
import { benchCpu } from "./cpu.ts";
import { benchRecording } from "./recording.ts";
import { benchRoutes } from "./routes.ts";
import { benchStorm } from "./storm.ts";
import { benchThroughput } from "./throughput.ts";

/** The cost of monitoring, compared with other libraries. */
export const monitoringBench = (): Promise<void> =>
  withServer(async (url) => {
    benchRecording();
    await benchStorm();
    await benchThroughput(url);
    await benchRoutes(url);
    await benchCpu(url);
  });
