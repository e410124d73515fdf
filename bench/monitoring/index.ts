import { benchRecording } from "./recording.ts";

/** What watching costs. */
export const monitoringBench = async (): Promise<void> => {
  benchRecording();
};
