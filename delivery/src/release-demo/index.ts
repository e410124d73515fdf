import type { ReleaseDemo } from "@earlybird-ops/platform/service";
import { broken } from "./broken.ts";
import { traffic } from "./traffic.ts";

export const releaseDemo: ReleaseDemo = { broken, traffic };
