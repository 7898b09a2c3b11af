import { checkOptionNames } from "../internal/option-names.ts";
import type {
  ChannelOptions,
  GroupSendOptions,
  JoinOptions,
  PageOptions,
} from "./channel-layer.ts";

/**
 * What the calls of a layer are told, checked for names that do not exist; every layer does so.
 * Without options, which is most often, nothing is looked at.
 */

const none = Object.freeze({});
const channelOptionNames: readonly string[] = ["name"] satisfies (keyof ChannelOptions)[];
const groupSendOptionNames: readonly string[] = [
  "id",
  "except",
] satisfies (keyof GroupSendOptions)[];
const joinOptionNames: readonly string[] = [
  "since",
  "presence",
  "presenceEvents",
] satisfies (keyof JoinOptions)[];

const pageOptionNames: readonly string[] = ["after", "limit"] satisfies (keyof PageOptions)[];

/** @throws UsageError `ERR_INVALID_OPTION` */
export function checkChannelOptions(options: ChannelOptions): ChannelOptions {
  checkOptionNames("channel", options, channelOptionNames, '{ name: "jobs" }');
  return options;
}

/** @throws UsageError `ERR_INVALID_OPTION` */
export function checkJoinOptions(options: JoinOptions | undefined): JoinOptions {
  if (options === undefined) return none;
  checkOptionNames("join", options, joinOptionNames, "{ since: position }");
  return options;
}

/** @throws UsageError `ERR_INVALID_OPTION` */
export function checkGroupSendOptions(options: GroupSendOptions | undefined): GroupSendOptions {
  if (options === undefined) return none;
  checkOptionNames("groupSend", options, groupSendOptionNames, "{ except: channel }");
  return options;
}

/** @throws UsageError `ERR_INVALID_OPTION` */
export function checkPageOptions(options: PageOptions | undefined): PageOptions {
  if (options === undefined) return none;
  checkOptionNames("a page", options, pageOptionNames, "{ limit: 100 }");
  return options;
}
