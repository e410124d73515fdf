import type { ReleaseDetails } from "../api/releases.ts";
import { duration } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./release.module.css";
import { stagesOf } from "./release-stages.ts";
import { releaseIcon, stageNames, stateWord } from "./release-words.ts";

/** The states of a release from left to right; from top to bottom on a phone. */
export const Phases = ({ release, nowMs }: { release: ReleaseDetails; nowMs: number }) => (
  <ol className={styles.phases} aria-label="Phases">
    {stagesOf(release, nowMs).map(({ stage, progress, durationMs }) => {
      const isHere = stage === release.stage && release.state !== "completed";
      const icon = isHere ? releaseIcon(release.state) : progress === "ahead" ? "ahead" : "check";
      return (
        <li key={stage} data-progress={progress} {...(isHere && { "aria-current": "step" as const })}>
          <span className={styles.stage}>
            <Icon name={icon} /> {stageNames[stage]}
          </span>
          <span className={styles.time}>
            {durationMs !== null && (durationMs < 1_000 ? "under 1 s" : duration(durationMs))}
            {isHere && release.state !== stage && ` ${stateWord(release.state)}`}
          </span>
          <span className="visually-hidden">{progress === "ahead" ? "not reached" : progress}</span>
        </li>
      );
    })}
  </ol>
);
