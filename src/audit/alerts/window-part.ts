/** Part of one day, in minutes from its midnight on the wall; `to` is the first minute that is no longer part of it. */
export interface WindowPart {
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly from: number;
  readonly to: number;
}
