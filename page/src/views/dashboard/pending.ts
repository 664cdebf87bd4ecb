import type { Schemas } from "../../api/client";
import { sum } from "../../format/decimal";

/** What is booked and not paid yet, less what was reversed. */
export function pending(amounts: Schemas["StatusUsdAmounts"]): string {
  return sum([amounts.accrued, amounts.settled, amounts.reversed]);
}
