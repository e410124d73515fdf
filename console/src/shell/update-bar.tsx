import { useAreFilesGone, useIsOutdated } from "../live/version.ts";
import { Button } from "../ui/button.tsx";
import styles from "./update-bar.module.css";

/** Offers to reload pages that are older than the running service. It never reloads by itself. */
export const UpdateBar = () => {
  const isOutdated = useIsOutdated();
  const areFilesGone = useAreFilesGone();
  if (!isOutdated && !areFilesGone) return null;
  return (
    <div className={styles.bar} role="status">
      <span>
        {isOutdated ? "A new version is running." : "A part of the console could not be loaded."} What you
        have typed here is lost when you reload.
      </span>
      <Button quiet onClick={() => window.location.reload()}>
        Reload
      </Button>
    </div>
  );
};
