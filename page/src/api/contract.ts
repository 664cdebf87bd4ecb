import type { Schemas } from "./client";

/** The figures of the period before, of equal length. */
export interface Previous {
  from: string;
  to: string;
  totals: Schemas["Figures"];
  commissionByStatus?: Schemas["CommissionByStatus"];
}

export type Dashboard = Schemas["DashboardSummary"] & { previous?: Previous };

/** `totals` are those of all lines that fit the filter; `null` where these are too many to add up. */
export type LinePage = Schemas["LinePage"] & { totals?: Schemas["Figures"] | null };
