import { conduct } from "./stacked-release.ts";

/** What one life of the program is to do. */
export interface ConductingLife {
  directory: string;
  /** The program is killed at this moment, counted over the entries of the journal and the effects of acts. */
  dieAt: number;
  /** The stage whose gate asks for a revert. */
  failingStage?: string;
}

const { dieAt, ...life } = JSON.parse(process.argv[2] ?? "") as ConductingLife;

let moments = 0;
await conduct({
  ...life,
  onMoment: () => {
    moments += 1;
    if (moments === dieAt) process.kill(process.pid, "SIGKILL");
  },
});
