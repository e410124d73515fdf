import type { Logger } from "../../../core/logger.ts";
import type { Release, ReleaseTick } from "../../../deployment/index.ts";
import type { Settings } from "../../../settings/settings.ts";
import type { LateSession } from "../../context.ts";

/** What a conductor knows when it begins. */
export interface WorldRequest {
  release: Release;
  settings: Settings;
  dataDir: string;
  session: LateSession;
  log: Logger;
  /** Called with each tick that the release is judged by. */
  onTick: (tick: ReleaseTick) => void;
}
