import type { Logger } from "../../core/logger.ts";
import { headline } from "../message/message.ts";
import type { Channel } from "./channel.ts";

/** Writes to the log as JSON, at any log level: the one channel that every service has. */
export const logChannel = (log: Logger): Channel => {
  const always = log.child({}, { level: "info" });
  return {
    name: "log",
    send: async (notification) => {
      const { id, occasion, symptoms, alert } = notification;
      const say = occasion === "resolved" || occasion === "test" ? "info" : "error";
      always[say]({ notification_id: id, occasion, symptoms, alert }, `alert ${headline(notification)}`);
      return { result: "accepted" };
    },
  };
};
