import type { ReleaseDetails } from "../api/releases.ts";
import { duration, type Format } from "../format.ts";
import type { IconName } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Empty } from "../ui/states.tsx";

type Act = ReleaseDetails["acts"][number];

const icons: Record<Act["state"], IconName> = {
  begun: "start",
  done: "check",
  undoing: "undo",
  undone: "rolled-back",
};
const words: Record<Act["state"], string> = {
  begun: "running",
  done: "done",
  undoing: "being undone",
  undone: "undone",
};

/** The acts of a release in their order, with how long each took. */
export const Acts = ({ release, format }: { release: ReleaseDetails; format: Format }) => {
  if (release.acts.length === 0) return <Empty>Nothing was done yet.</Empty>;
  return (
    <ul>
      {release.acts.map(({ act, state, duration_ms, evidence }) => (
        <Row
          key={act}
          icon={icons[state]}
          aside={
            duration_ms !== null && (duration_ms < 60_000 ? format.ms(duration_ms) : duration(duration_ms))
          }
          more={
            <>
              {words[state]}
              {evidence && `: ${evidence}`}
            </>
          }
        >
          {act}
        </Row>
      ))}
    </ul>
  );
};
